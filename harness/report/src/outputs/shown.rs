//! Untrusted text, made fit to be shown.

/// The text with its lines, but with nothing that moves a cursor, hides or reorders what stands around it: control
/// characters, and Unicode's marks of direction (UAX 9).
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\t' => out.push_str("    "),
            '\n' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push('\u{fffd}');
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The text, or of a long one its beginning and its end: a request stands before its document or after it.
/// `most` is in characters.
pub(crate) fn beginning_and_end(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let half = most / 2;
    let beginning: String = text.chars().take(half).collect();
    let end: String = text.chars().skip(count - half).collect();
    format!("{} […] {}", beginning.trim_end(), end.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_or_turns_the_line() {
        assert_eq!(
            harmless("a\r\nb\u{1b}[2J\u{202e}c\td\u{2028}e\u{7}"),
            "a\nb\u{fffd}[2J\u{fffd}c    d\ne\u{fffd}"
        );
        assert_eq!(harmless("Grüße, 模型 🙂"), "Grüße, 模型 🙂");
        assert_eq!(harmless("a\rb"), "a\u{fffd}b");
    }

    #[test]
    fn of_a_long_text_both_ends_are_shown() {
        assert_eq!(beginning_and_end("short", 5), "short");
        assert_eq!(beginning_and_end("äbcdefgh ijklmnöp", 10), "äbcde […] lmnöp");
    }
}
