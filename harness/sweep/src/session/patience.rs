//! How long a model may take to load.

use slm_plan::{
    error::{Error, Result},
    variable,
};
use std::time::Duration;

/// Gigabytes from a slow phone's flash take minutes; longer than this nobody waits unasked.
const PATIENCE: Duration = Duration::from_mins(15);
/// A variable for those who want to wait longer, or less long.
const VARIABLE: &str = "SLM_LOAD_PATIENCE";

/// How long a model may take to load.
///
/// # Errors
/// [`Error::Input`] when the variable is no time.
pub fn load_patience() -> Result<Duration> {
    checked(variable::duration(VARIABLE)?)
}

fn checked(asked: Option<Duration>) -> Result<Duration> {
    match asked {
        Some(time) if time < Duration::from_secs(1) => {
            Err(Error::input(format!("{VARIABLE} is less than a second"), "give a time such as 90s or 10m"))
        }
        Some(time) => Ok(time),
        None => Ok(PATIENCE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_a_second_is_refused_in_one_line() {
        assert_eq!(checked(None).unwrap(), PATIENCE);
        assert_eq!(checked(Some(Duration::from_secs(90))).unwrap(), Duration::from_secs(90));
        let error = checked(Some(Duration::ZERO)).unwrap_err().to_string();
        assert!(error.contains("SLM_LOAD_PATIENCE") && !error.contains('\n'), "{error}");
    }
}
