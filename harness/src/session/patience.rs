//! How long a model may take to load.

use crate::{
    error::{Error, Result},
    show::clean,
};
use std::{env, ffi::OsStr, time::Duration};

/// Gigabytes from a slow phone's flash take minutes; longer than this nobody waits unasked.
const PATIENCE: Duration = Duration::from_mins(15);
/// A variable for those who want to wait longer, or less long.
const VARIABLE: &str = "SLM_LOAD_PATIENCE";

/// How long a model may take to load.
///
/// # Errors
/// [`Error::Input`] when the variable is no time.
pub fn load_patience() -> Result<Duration> {
    parse(env::var_os(VARIABLE).as_deref())
}

fn parse(set: Option<&OsStr>) -> Result<Duration> {
    let Some(text) = set.filter(|text| !text.is_empty()) else { return Ok(PATIENCE) };
    let text = text.to_string_lossy();
    let wrong = |why: &str| {
        let what = format!("{VARIABLE} is '{}': {why}", clean(&text));
        Error::input(what, "give a time such as 90s or 10m")
    };
    let time = humantime::parse_duration(&text).map_err(|why| wrong(&why.to_string()))?;
    if time < Duration::from_secs(1) { Err(wrong("it is less than a second")) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_others_refused_in_one_line() {
        let parsed = |text: &str| parse(Some(OsStr::new(text)));
        assert_eq!(parse(None).unwrap(), PATIENCE);
        assert_eq!(parsed("").unwrap(), PATIENCE);
        assert_eq!(parsed("90s").unwrap(), Duration::from_secs(90));
        for text in ["long", "0s", "-1s"] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(error.contains("SLM_LOAD_PATIENCE") && !error.contains('\n'), "{error}");
        }
    }
}
