//! Sets of logical CPUs, as the kernel numbers and writes them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// The highest CPU number that is accepted: what the kernel's fixed-size masks hold.
const LAST_CPU: u16 = 1023;

/// One or more logical CPUs. Written as the kernel writes them: `0-3,7`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CpuList(BTreeSet<u16>);

impl CpuList {
    /// The given CPUs; `None` for none at all, or for a number that no kernel gives.
    pub fn new(cpus: impl IntoIterator<Item = u16>) -> Option<Self> {
        let cpus: BTreeSet<u16> = cpus.into_iter().collect();
        (!cpus.is_empty() && cpus.last() <= Some(&LAST_CPU)).then_some(Self(cpus))
    }

    /// The CPUs in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().copied()
    }

    /// How many; at least one.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether a CPU is among them.
    pub fn contains(&self, cpu: u16) -> bool {
        self.0.contains(&cpu)
    }

    /// Whether all of these are among `others`.
    pub fn is_subset(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Whether any CPU is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.0.is_disjoint(&other.0)
    }

    /// Those in both, if any.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.0.intersection(&other.0).copied())
    }

    /// Those that are not in `other`, if any.
    pub fn difference(&self, other: &Self) -> Option<Self> {
        Self::new(self.0.difference(&other.0).copied())
    }
}

impl fmt::Display for CpuList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs: Vec<(u16, u16)> = Vec::new();
        for &cpu in &self.0 {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == cpu => *last = cpu,
                _ => runs.push((cpu, cpu)),
            }
        }
        for (index, (first, last)) in runs.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if first == last { write!(f, "{comma}{first}") } else { write!(f, "{comma}{first}-{last}") }?;
        }
        Ok(())
    }
}

/// Reads `0-3,7`, the kernel's other form `0 1 2 3 7`, and a hexadecimal mask `0x8f`.
impl FromStr for CpuList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("'{text}' is no list of CPUs such as 0-3,7 or 0xf0");
        let trimmed = text.trim();
        let cpus = match trimmed.strip_prefix("0x").or_else(|| trimmed.strip_prefix("0X")) {
            Some(mask) => of_mask(mask),
            None => of_list(trimmed),
        };
        cpus.and_then(Self::new).ok_or_else(wrong)
    }
}

/// The set bits of hexadecimal digits, the lowest last.
fn of_mask(digits: &str) -> Option<Vec<u16>> {
    if digits.is_empty() || digits.len() > usize::from(LAST_CPU / 4 + 1) {
        return None;
    }
    let mut cpus = Vec::new();
    for (position, digit) in (0u16..).zip(digits.chars().rev()) {
        let bits = digit.to_digit(16)?;
        cpus.extend((0..4).filter(|bit| bits >> bit & 1 == 1).map(|bit| position * 4 + bit));
    }
    Some(cpus)
}

fn of_list(text: &str) -> Option<Vec<u16>> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u16>().ok())?.filter(|cpu| *cpu <= LAST_CPU)
    };
    let mut cpus = Vec::new();
    for part in text.split(|c: char| c == ',' || c.is_whitespace()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

impl Serialize for CpuList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CpuList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(text: &str) -> CpuList {
        text.parse().unwrap()
    }

    #[test]
    fn lists_masks_and_the_kernels_forms_mean_the_same() {
        for text in ["4-7", "0xf0", "0xF0", "4 5 6 7", "7,6,5,4", "4-5,6-7", " 4-7\n", "0x00f0"] {
            assert_eq!(list(text).to_string(), "4-7", "{text}");
        }
        assert_eq!(list("0-3,7").to_string(), "0-3,7");
        assert_eq!(list("9").iter().collect::<Vec<_>>(), [9]);
    }

    #[test]
    fn junk_is_refused() {
        for text in ["", " ", "0x", "0x0", "-1", "3-1", "1,,2", "a", "0xg", "1-2-3", "1024", "99999999", "+1"]
        {
            assert!(text.parse::<CpuList>().is_err(), "{text}");
        }
    }

    #[test]
    fn sets_are_compared_and_combined() {
        let (all, big) = (list("0-7"), list("4-7"));
        assert!(big.is_subset(&all) && !all.is_subset(&big) && big.overlaps(&all));
        assert_eq!(all.difference(&big), Some(list("0-3")));
        assert_eq!((all.intersection(&list("7-9")), big.difference(&all)), (Some(list("7")), None));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(cpus in proptest::collection::vec(0u16..=LAST_CPU, 1..40)) {
            let list = CpuList::new(cpus).unwrap();
            prop_assert_eq!(list.to_string().parse::<CpuList>().unwrap(), list.clone());
            let json = serde_json::to_string(&list).unwrap();
            prop_assert_eq!(serde_json::from_str::<CpuList>(&json).unwrap(), list);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9a-fxX, \\-]{0,30}") {
            let _ = text.parse::<CpuList>();
        }
    }
}
