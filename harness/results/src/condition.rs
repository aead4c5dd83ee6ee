//! A device's condition around a sweep, in a form that every kind of device can fill:
//! named facts, what was found about them, and what was changed meanwhile.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Facts by name, such as `battery_percent`; the name tells the unit. What the device did
/// not tell is not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(Map<String, Value>);

impl Facts {
    /// The fields of a value that have content.
    pub fn of(value: &impl Serialize) -> Self {
        let Ok(Value::Object(fields)) = serde_json::to_value(value) else { return Self::default() };
        Self(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// The figures may suffer.
    Warning,
    /// Not measured, but with `--force`.
    Refusal,
}

/// Something about a device's state, in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How grave it is.
    pub severity: Severity,
    /// What it is, and what to do.
    pub text: String,
}

/// A device as it was found before a sweep, and what was changed on it. Goes into the
/// manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    /// What the device says of itself (a phone's properties).
    pub identity: Facts,
    /// What is known of it beside that (a phone's profile, its clusters).
    pub known: Facts,
    /// Its state before anything was changed or measured.
    pub before: Facts,
    /// What was found about that state.
    pub findings: Vec<Finding>,
    /// Settings that were changed for the sweep, by name.
    pub changed: Vec<String>,
    /// What an earlier sweep had left changed and this one put back, by name.
    pub put_back: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_known_is_not_there() {
        let facts = Facts::of(&json!({ "battery_percent": 80.0, "charging": null }));
        assert_eq!(facts.iter().collect::<Vec<_>>(), [("battery_percent", &json!(80.0))]);
        assert_eq!(facts.get("charging"), None);
        assert_eq!(Facts::of(&1), Facts::default());
    }
}
