//! Times that a variable of the environment sets.

use crate::{
    error::{Error, Result},
    text::clean,
};
use std::{env, time::Duration};

/// The time in a variable; `None` where it is not set.
///
/// # Errors
/// [`Error::Input`] when it holds no time.
pub fn duration(name: &str) -> Result<Option<Duration>> {
    match env::var_os(name).filter(|value| !value.is_empty()) {
        Some(text) => parse(name, &text.to_string_lossy()).map(Some),
        None => Ok(None),
    }
}

fn parse(name: &str, text: &str) -> Result<Duration> {
    humantime::parse_duration(text).map_err(|why| {
        let what = format!("{name} is '{}': {why}", clean(text));
        Error::input(what, "give a time such as 90s or 10m")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_unit() {
        assert_eq!(parse("SLM_PHONE_PATIENCE", "90s").unwrap(), Duration::from_secs(90));
        for text in ["long", "-1s", "5"] {
            let error = parse("SLM_PHONE_PATIENCE", text).unwrap_err().to_string();
            assert!(error.contains(&format!("SLM_PHONE_PATIENCE is '{text}'")), "{error}");
            assert!(error.contains("90s") && !error.contains('\n'), "{error}");
        }
    }
}
