//! Whether a comparison lets a change pass: nothing regressed, and what should have been compared
//! was, well enough to have seen a regression.

use super::{Comparison, Verdict};
use slm_plan::text::clean;

/// What a gate lets pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Cells and metrics of the baseline that the candidate has not.
    pub allow_missing: bool,
    /// Figures that cannot be tested.
    pub allow_untestable: bool,
    /// A difference that must not go unseen in any figure, relative.
    pub must_detect: f64,
    /// Share of the planned trials that must be valid in each cell.
    pub min_valid: f64,
}

impl Gate {
    /// Every reason to fail; none: the gate is open.
    pub fn reasons(&self, comparison: &Comparison) -> Vec<String> {
        let mut reasons = Vec::new();
        let mut add = |count: usize, what: &str| {
            if count > 0 {
                reasons.push(format!("{count} {} {what}", if count == 1 { "figure" } else { "figures" }));
            }
        };
        add(comparison.count(Verdict::Regressed), "regressed");
        add(comparison.count(Verdict::Refused), "compared across settings that differ (--across allows it)");
        if !self.allow_untestable {
            let so = "cannot be tested with so few runs (--allow-untestable lets it pass)";
            add(comparison.count(Verdict::Untestable), so);
        }
        let is_blind = |detectable: f64| detectable > self.must_detect;
        let unseen = comparison
            .ratios()
            .filter(|ratio| ratio.verdict == Verdict::Inconclusive && ratio.detectable.is_some_and(is_blind));
        let so = format!(
            "would have hidden a change of {:.0} %: more runs are needed (--must-detect)",
            100.0 * self.must_detect
        );
        add(unseen.count(), &so);
        if !self.allow_missing {
            let missing = &comparison.missing;
            if let Some(first) = missing.first() {
                let more = if missing.len() > 1 {
                    format!(" and {} more", missing.len() - 1)
                } else {
                    String::new()
                };
                reasons.push(format!("not compared: {}{more} (--allow-missing lets it pass)", clean(first)));
            }
        }
        let few = comparison.rows.iter().filter(|row| {
            let cell = &row.candidate;
            let share = cell
                .n_valid
                .zip(cell.n_planned)
                .map(|(valid, planned)| f64::from(valid) / f64::from(planned));
            share.is_some_and(|share| share < self.min_valid)
        });
        let few = few.count();
        if few > 0 {
            let cells = if few == 1 { "cell has" } else { "cells have" };
            let share = 100.0 * self.min_valid;
            reasons.push(format!("{few} {cells} fewer than {share:.0} % valid trials (--min-valid)"));
        }
        reasons
    }
}
