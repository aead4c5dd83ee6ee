//! The date for chat templates: always the same day, so that prompts stay the same.

/// Friday, 26 July 2024, at midnight, in a format of `strftime`. Unknown directives
/// stay as they are.
#[expect(clippy::needless_pass_by_value, reason = "the template engine hands over an owned string")]
pub(super) fn format(format: String) -> String {
    let mut text = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let mut directive = String::from("%");
        let mut next = characters.next();
        // No padding (of numbers that have two digits on this day).
        if next == Some('-') {
            directive.push('-');
            next = characters.next();
        }
        directive.extend(next);
        text.push_str(match directive.as_str() {
            "%d" | "%-d" | "%e" => "26",
            "%m" => "07",
            "%-m" => "7",
            "%b" | "%h" => "Jul",
            "%B" => "July",
            "%Y" => "2024",
            "%y" => "24",
            "%a" => "Fri",
            "%A" => "Friday",
            "%j" => "208",
            "%H" | "%M" | "%S" => "00",
            "%-H" | "%-M" | "%-S" => "0",
            "%I" | "%-I" => "12",
            "%p" => "AM",
            "%F" => "2024-07-26",
            "%T" => "00:00:00",
            "%%" => "%",
            unknown => unknown,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn one_day_in_every_form() {
        assert_eq!(format("%d %b %Y".into()), "26 Jul 2024");
        assert_eq!(
            format("%A, %-d %B %Y, %F %T 100%% %Q %".into()),
            "Friday, 26 July 2024, 2024-07-26 00:00:00 100% %Q %"
        );
    }
}
