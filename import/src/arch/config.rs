//! `config.json`, field by field.

use serde_json::Value;

use crate::error::{Result, refuse};

/// A configuration or a part of one.
pub(crate) struct Config<'a>(pub(crate) &'a Value);

impl Config<'_> {
    /// A field that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    pub(crate) fn number(&self, key: &str) -> Result<Option<u32>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.as_u64().and_then(|value| u32::try_from(value).ok()) {
            Some(number) => Ok(Some(number)),
            None => refuse(format!("config.json: {key} is {value}, no whole number in range")),
        }
    }

    pub(crate) fn need(&self, key: &str) -> Result<u32> {
        match self.number(key)? {
            Some(number) => Ok(number),
            None => refuse(format!("config.json: {key} is missing")),
        }
    }

    pub(crate) fn float(&self, key: &str) -> Result<Option<f64>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.as_f64().filter(|value| value.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => refuse(format!("config.json: {key} is {value}, no number")),
        }
    }

    /// As stored in files: rounded to 32 bits.
    pub(crate) fn need_f32(&self, key: &str) -> Result<f32> {
        #[expect(clippy::cast_possible_truncation, reason = "rounded to the nearest")]
        let number = self.float(key)?.map(|number| number as f32);
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(number),
            None => refuse(format!("config.json: {key} is missing or out of range")),
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.as_bool() {
            Some(flag) => Ok(Some(flag)),
            None => refuse(format!("config.json: {key} is {value}, neither true nor false")),
        }
    }

    /// Refuses a variant: the field must be absent or one of the given values.
    pub(crate) fn only(&self, key: &str, allowed: &[Value]) -> Result<()> {
        match self.get(key) {
            Some(value) if !allowed.contains(value) => {
                refuse(format!("config.json: {key}={value} is a variant that is not supported"))
            }
            _ => Ok(()),
        }
    }
}
