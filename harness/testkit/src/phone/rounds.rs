//! Faults that are played some times, each time at other moments.

use std::{collections::BTreeMap, env};

fn number(variable: &str, usual: u64) -> u64 {
    env::var(variable)
        .map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

/// Plays a fault `PHONE_FAULT_ROUNDS` times (once, where that is not set), each with a seed of
/// its own, chosen by `PHONE_FAULT_SEED`; prints how the rounds ended.
#[expect(clippy::print_stdout, reason = "the figures of the rounds are what one wants to see")]
pub fn rounds(fault: &str, mut round: impl FnMut(u64) -> String) {
    let seed = number("PHONE_FAULT_SEED", 0);
    let count = number("PHONE_FAULT_ROUNDS", 1);
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for n in 0..count {
        *outcomes.entry(round(seed * 1000 + n)).or_default() += 1;
    }
    println!("{fault}: {count} rounds, {outcomes:?}");
}
