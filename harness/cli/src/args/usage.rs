//! A mistake on the command line in one line.

/// clap's message without its layout: what is wrong, its tips, and where to look.
pub fn one_line(rendered: &str) -> String {
    let is_layout = |line: &&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let lines =
        rendered.lines().map(str::trim).take_while(|line| !is_layout(line)).filter(|line| !line.is_empty());
    let words = lines.collect::<Vec<_>>().join(" ").replace(" tip: ", "; ");
    format!("{}; see `bench help`", words.trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser;

    fn mistake(line: &str) -> String {
        one_line(&Cli::try_parse_from(line.split(' ')).unwrap_err().render().to_string())
    }

    #[test]
    fn mistakes_are_one_line_with_the_remedy() {
        let chunks = mistake("bench sweep --device local --chunks 9");
        assert!(chunks.contains("give 0 to 5") && chunks.ends_with("see `bench help`"), "{chunks}");
        let device = mistake("bench sweep");
        assert!(device.contains("--device <LIST>") && !device.contains("Usage"), "{device}");
        assert!(!device.contains('\n'));
    }
}
