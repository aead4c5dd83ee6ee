//! Moments.

use serde::{Serialize, Serializer};
use std::{
    fmt,
    str::FromStr,
    time::{Duration, UNIX_EPOCH},
};

/// A moment; in the files RFC 3339 in UTC, to the millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UtcTime {
    /// Nanoseconds since the Unix epoch.
    pub unix_ns: u64,
}

impl UtcTime {
    /// Seconds since the Unix epoch.
    pub fn unix_s(self) -> f64 {
        Duration::from_nanos(self.unix_ns).as_secs_f64()
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_nanos(self.unix_ns)).fmt(f)
    }
}

impl Serialize for UtcTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// That a text is no moment after 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTime;

impl FromStr for UtcTime {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let since = humantime::parse_rfc3339(text).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let unix_ns = since.and_then(|since| u64::try_from(since.as_nanos()).ok());
        unix_ns.map(|unix_ns| Self { unix_ns }).ok_or(NoTime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc_and_read_back() {
        let time = UtcTime { unix_ns: 1_700_000_000_123_456_789 };
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2023-11-14T22:13:20.123Z\"");
        assert_eq!("2023-11-14T22:13:20.123Z".parse(), Ok(UtcTime { unix_ns: 1_700_000_000_123_000_000 }));
        assert_eq!(["yesterday".parse::<UtcTime>(), "1969-01-01T00:00:00Z".parse()], [Err(NoTime); 2]);
    }
}
