//! The lettered lines where something changed.

use super::parts::{changes, named, whom};
use slm_decide::history::{Change, Event, History, Series};
use std::collections::BTreeMap;

/// Lettered sweeps at most.
const MOST: usize = 12;

/// The sweeps that get a letter, and what changed there.
pub(super) struct Marks {
    /// By sweep: the letter, and what changed.
    by_sweep: BTreeMap<usize, (char, Vec<Event>)>,
    /// A line for each: `A  2026-02-27 sweep-08: engine 1.0 -> 2.0`.
    pub(super) lines: Vec<String>,
    /// Earlier sweeps with changes that got none.
    pub(super) left_out: usize,
}

impl Marks {
    /// Of the newest sweeps before which something changed that may bear on the figures drawn.
    pub(super) fn of(history: &History, drawn: &[&Series]) -> Self {
        let mut found: BTreeMap<usize, Vec<Event>> = BTreeMap::new();
        for event in &history.events {
            let changes: Vec<Change> =
                event.changes.iter().filter(|change| change.may_bear()).cloned().collect();
            if !changes.is_empty() && drawn.iter().any(|series| event.concerns(series)) {
                found.entry(event.sweep).or_default().push(Event { changes, ..event.clone() });
            }
        }
        let left_out = found.len().saturating_sub(MOST);
        let newest = found.into_iter().skip(left_out).zip('A'..);
        let by_sweep: BTreeMap<usize, (char, Vec<Event>)> =
            newest.map(|((sweep, events), letter)| (sweep, (letter, events))).collect();
        let lines =
            by_sweep.iter().map(|(sweep, (letter, events))| line(history, *sweep, *letter, events)).collect();
        Self { by_sweep, lines, left_out }
    }

    /// The letters of a series, with their sweeps.
    pub(super) fn of_series(&self, series: &Series) -> Vec<(usize, char)> {
        let concerns = |events: &[Event]| events.iter().any(|event| event.concerns(series));
        let own = self.by_sweep.iter().filter(|(_, (_, events))| concerns(events));
        own.map(|(sweep, (letter, _))| (*sweep, *letter)).collect()
    }
}

fn line(history: &History, sweep: usize, letter: char, events: &[Event]) -> String {
    let each = events.iter().map(|event| format!("{}: {}", whom(history, event), changes(&event.changes)));
    format!("{letter}  {}{}", named(history, sweep), each.collect::<Vec<_>>().join(";"))
}
