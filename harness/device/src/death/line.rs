//! A line of a log, whatever form it was printed in.

/// Time and message of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line<'a> {
    /// Seconds since the Unix epoch, where the form has it.
    pub(super) unix_s: Option<f64>,
    /// Process that wrote it, where the form has it.
    pub(super) writer: Option<u32>,
    /// What was logged, with its tag.
    pub(super) message: &'a str,
}

impl<'a> Line<'a> {
    /// Reads logcat's `epoch` form (`1700000000.123  400  401 I tag: message`), which is
    /// asked for; of any other form (`threadtime`, `brief`, the kernel's) the message
    /// is the whole line.
    pub(super) fn parse(text: &'a str) -> Self {
        let whole = Self { unix_s: None, writer: None, message: text.trim() };
        let mut rest = text.trim_start();
        let mut word = || {
            let (word, tail) = rest.split_once(char::is_whitespace)?;
            rest = tail.trim_start();
            Some(word)
        };
        let (Some(time), Some(pid), Some(_thread), Some(level)) = (word(), word(), word(), word()) else {
            return whole;
        };
        let time = time.parse::<f64>().ok().filter(|time| *time > 1e9 && time.is_finite());
        match (time, pid.parse(), level.len()) {
            (Some(time), Ok(pid), 1) => {
                Self { unix_s: Some(time), writer: Some(pid), message: rest.trim_end() }
            }
            _ => whole,
        }
    }
}

/// The whole number at the start of a text.
pub(super) fn number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The number right after a mark.
pub(super) fn number_after(text: &str, mark: &str) -> Option<u32> {
    number(text.split_once(mark)?.1.trim_start())
}
