//! What is different between two sweeps.

use super::{Conditions, conditions::BENCH};

/// A condition that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Which one.
    pub what: String,
    /// Values that are no more.
    pub removed: Vec<String>,
    /// Values that are new.
    pub added: Vec<String>,
}

impl Change {
    /// From one sweep's conditions to another's. What only one of them tells is no change.
    pub fn between(earlier: &Conditions, later: &Conditions) -> Vec<Self> {
        let change = |(what, before): (&String, &std::collections::BTreeSet<String>)| {
            let after = later.get(what)?;
            (before != after).then(|| Self {
                what: what.clone(),
                removed: before.difference(after).cloned().collect(),
                added: after.difference(before).cloned().collect(),
            })
        };
        earlier.iter().filter_map(change).collect()
    }

    /// Whether it may bear on figures: another build of `bench` alone does not, since the agent measures.
    pub fn may_bear(&self) -> bool {
        self.what != BENCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_both_tell_can_change() {
        let conditions = |all: &[(&str, &[&str])]| -> Conditions {
            let of = |&(what, values): &(&str, &[&str])| {
                (what.to_owned(), values.iter().map(|&value| value.to_owned()).collect())
            };
            all.iter().map(of).collect()
        };
        let (a, b) = (
            conditions(&[("engine", &["1.0"]), ("flags", &["A", "B"]), ("kernel", &["6.1"])]),
            conditions(&[("engine", &["2.0"]), ("flags", &["B", "C"]), ("android", &["15"])]),
        );
        let changes = Change::between(&a, &b);
        let names: Vec<&str> = changes.iter().map(|change| change.what.as_str()).collect();
        assert_eq!(names, ["engine", "flags"]);
        assert_eq!((&changes[1].removed[..], &changes[1].added[..]), (&["A".into()][..], &["C".into()][..]));
        assert_eq!(Change::between(&a, &a), []);
    }
}
