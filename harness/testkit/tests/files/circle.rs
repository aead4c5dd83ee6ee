//! Circles in a directed graph.

use std::collections::{BTreeMap, BTreeSet};

/// What each node leads to.
pub(super) type Edges = BTreeMap<String, BTreeSet<String>>;

/// The nodes that lead to each other, group by group.
pub(super) fn circles(edges: &Edges) -> Vec<Vec<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|node| (&**node, from(edges, node))).collect();
    let mut groups = BTreeSet::new();
    for (node, ahead) in &reached {
        let both = |other: &&&str| reached.get(**other).is_some_and(|back| back.contains(node));
        let group: Vec<String> = ahead.iter().filter(both).map(|&other| other.to_owned()).collect();
        if group.len() > 1 {
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

/// All that a node leads to, in any number of steps.
fn from<'a>(edges: &'a Edges, node: &str) -> BTreeSet<&'a str> {
    let (mut seen, mut left) = (BTreeSet::new(), vec![node]);
    while let Some(node) = left.pop() {
        for next in edges.get(node).into_iter().flatten() {
            if seen.insert(&**next) {
                left.push(next);
            }
        }
    }
    seen
}
