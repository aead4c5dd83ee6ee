//! Sets of CPUs, written as the kernel writes them: `0-3,7`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A set of CPUs, numbered from 0 to 63. A phone has 4 to 10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CpuSet(u64);

/// Text that is not a set of CPUs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a set of CPUs: write numbers from 0 to 63 and ranges, such as 0-3,7")]
pub struct InvalidCpuSet(String);

impl CpuSet {
    /// One CPU; `None` above 63.
    pub fn one(cpu: u32) -> Option<Self> {
        (cpu < u64::BITS).then(|| Self(1 << cpu))
    }

    /// Those in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a CPU is in both sets.
    pub fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// How many.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set as `sched_setaffinity` and `taskset` want it: bit n is CPU n.
    pub fn mask(self) -> u64 {
        self.0
    }

    /// The numbers, ascending.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..u64::BITS).filter(move |cpu| self.0 & (1 << cpu) != 0)
    }
}

impl FromStr for CpuSet {
    type Err = InvalidCpuSet;

    fn from_str(text: &str) -> Result<Self, InvalidCpuSet> {
        let wrong = || InvalidCpuSet(text.to_owned());
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|&cpu| digits && cpu < u64::BITS).ok_or_else(wrong)
        };
        let mut set = 0;
        for part in text.split(',') {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let (low, high) = (number(low)?, number(high)?);
            if low > high {
                return Err(wrong());
            }
            set |= (low..=high).fold(0, |bits, cpu| bits | 1 << cpu);
        }
        Ok(Self(set))
    }
}

impl fmt::Display for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut numbers = self.iter().peekable();
        let mut comma = "";
        while let Some(low) = numbers.next() {
            let mut high = low;
            while let Some(next) = numbers.next_if_eq(&(high + 1)) {
                high = next;
            }
            match high {
                _ if high == low => write!(f, "{comma}{low}")?,
                _ => write!(f, "{comma}{low}-{high}")?,
            }
            comma = ",";
        }
        Ok(())
    }
}

impl Serialize for CpuSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CpuSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // An empty text is what an empty set is written as.
        if text.is_empty() { Ok(Self::default()) } else { text.parse().map_err(de::Error::custom) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sets_are_written_as_the_kernel_writes_them() {
        let set: CpuSet = "4-6,0,9".parse().unwrap();
        assert_eq!((set.to_string(), set.mask(), set.len()), ("0,4-6,9".into(), 0b10_0111_0001, 5));
        for bad in ["", "a", "3-1", "64", "-1", "0,", "0-", "+1", "0 1", "1-2-3"] {
            assert!(bad.parse::<CpuSet>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bits in 1u64..) {
            let set = CpuSet(bits);
            prop_assert_eq!(set.to_string().parse(), Ok(set));
            prop_assert_eq!(serde_json::from_str::<CpuSet>(&serde_json::to_string(&set).unwrap()).unwrap(), set);
            prop_assert_eq!(set.iter().filter_map(CpuSet::one).fold(CpuSet::default(), CpuSet::union), set);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = text.parse::<CpuSet>();
        }
    }
}
