//! The protocol's version and the rule for who understands whom.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// The version this build speaks.
pub const VERSION: Version = Version { major: 1, minor: 0 };

/// A `major.minor` version. The same major is understood (unknown fields of a
/// newer minor are ignored); another major is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Incompatible changes.
    pub major: u16,
    /// Additions that an older reader may ignore.
    pub minor: u16,
}

/// The other side speaks a version that this build does not understand.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "protocol version {theirs} is not understood by this build, which speaks {ours}; use the agent and the bench of one release"
)]
pub struct VersionMismatch {
    /// What this build speaks.
    pub ours: Version,
    /// What was received.
    pub theirs: Version,
}

impl Version {
    /// Checks that data of version `self` can be read by this build.
    ///
    /// # Errors
    /// [`VersionMismatch`] when the major versions differ.
    pub fn check(self) -> Result<(), VersionMismatch> {
        if self.major == VERSION.major {
            Ok(())
        } else {
            Err(VersionMismatch { ours: VERSION, theirs: self })
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (major, minor) = text.split_once('.')?;
            Some(Version { major: major.parse().ok()?, minor: minor.parse().ok()? })
        };
        parse().ok_or_else(|| format!("'{text}' is not a version of the form major.minor"))
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_major_is_understood_another_is_refused() {
        assert_eq!("1.9".parse::<Version>().unwrap().check(), Ok(()));
        let error = "2.0".parse::<Version>().unwrap().check().unwrap_err();
        assert!(error.to_string().contains("2.0"), "{error}");
    }

    #[test]
    fn junk_is_not_a_version() {
        for text in ["", "1", "1.", ".1", "1.0.0", "a.b", "-1.0", "1.99999999"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
