//! From trials to cells: the rows of `summary.csv`.

use crate::schema::{Status, SummaryRow, TrialRow, Verdict};
use slm_plan::{Cell, Plan};
use slm_protocol::Failure;
use slm_stats::{Interval, mean, mean_interval};
use std::collections::BTreeMap;

/// Summarizes one cell on one device from its trials, warm-ups left out. Figures
/// are over the valid trials; where a cell has none, over all completed ones, and
/// `n_valid` is 0.
pub fn summarize(plan: &Plan, device: &str, cell: Cell, planned: u32, rows: &[&TrialRow]) -> SummaryRow {
    let model = &plan.input.models[cell.model];
    let completed: Vec<&TrialRow> =
        rows.iter().copied().filter(|row| row.status == Status::Completed).collect();
    let valid: Vec<&TrialRow> =
        completed.iter().copied().filter(|row| row.verdict == Some(Verdict::Valid)).collect();
    let used = if valid.is_empty() { &completed } else { &valid };
    let seed = plan.input.seed;
    let figure = |pick: fn(&TrialRow) -> Option<f64>| MeanWithInterval::of(used, pick, seed);
    let (itps, otps) = (figure(|row| row.itps), figure(|row| row.otps));
    let (ttft, runtime) = (figure(|row| row.ttft_s), figure(|row| row.runtime_s));
    let plain = |pick: fn(&TrialRow) -> Option<f64>| prompt_mean(used, pick);
    SummaryRow {
        device: device.to_owned(),
        soc: rows.iter().find_map(|row| row.soc.clone()),
        backend: model.engine.into_str().to_owned(),
        model: model.name.clone(),
        weights: model.weights.to_string(),
        quant: model.quant.clone(),
        params: Some(model.params),
        chunks: cell.context.chunks(),
        n_planned: Some(planned),
        n_completed: Some(count(completed.len())),
        n_valid: Some(count(valid.len())),
        failure: commonest_failure(rows),
        n_in: plain(|row| row.n_in.map(f64::from)),
        n_out: plain(|row| row.n_out.map(f64::from)),
        itps: itps.mean,
        itps_ci_low: itps.low(),
        itps_ci_high: itps.high(),
        otps: otps.mean,
        otps_ci_low: otps.low(),
        otps_ci_high: otps.high(),
        ttft_s: ttft.mean,
        ttft_s_ci_low: ttft.low(),
        ttft_s_ci_high: ttft.high(),
        runtime_s: runtime.mean,
        runtime_s_ci_low: runtime.low(),
        runtime_s_ci_high: runtime.high(),
        rss_peak_mib: used.iter().filter_map(|row| row.rss_peak_mib).reduce(f64::max),
        model_mib: plain(|row| row.model_mib),
        kv_cache_mib: plain(|row| row.kv_cache_mib),
        compute_mib: plain(|row| row.compute_mib),
        energy_j_per_token: plain(|row| {
            row.energy_j.zip(row.n_out).filter(|(_, n)| *n > 0).map(|(j, n)| j / f64::from(n))
        }),
        prompt_tokens: cell.context.tokens(),
    }
}

/// A mean with its interval.
struct MeanWithInterval {
    mean: Option<f64>,
    interval: Option<Interval>,
}

impl MeanWithInterval {
    fn of(rows: &[&TrialRow], pick: fn(&TrialRow) -> Option<f64>, seed: u64) -> Self {
        let values: Vec<f64> = rows.iter().filter_map(|row| pick(row)).collect();
        Self { mean: prompt_mean(rows, pick), interval: mean_interval(&values, seed) }
    }

    fn low(&self) -> Option<f64> {
        self.interval.map(|interval| interval.low)
    }

    fn high(&self) -> Option<f64> {
        self.interval.map(|interval| interval.high)
    }
}

/// The paper's average: over prompts, each of which counts once, however many of
/// its repetitions there are.
fn prompt_mean(rows: &[&TrialRow], pick: fn(&TrialRow) -> Option<f64>) -> Option<f64> {
    let mut by_prompt: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows {
        if let Some(value) = pick(row) {
            by_prompt.entry(&row.prompt_id).or_default().push(value);
        }
    }
    let means: Vec<f64> = by_prompt.values().filter_map(|values| mean(values)).collect();
    mean(&means)
}

fn commonest_failure(rows: &[&TrialRow]) -> Option<Failure> {
    let mut counts: BTreeMap<Failure, usize> = BTreeMap::new();
    for failure in rows.iter().filter_map(|row| row.failure) {
        *counts.entry(failure).or_default() += 1;
    }
    counts.into_iter().max_by_key(|&(_, n)| n).map(|(failure, _)| failure)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{
        evidence::Evidence,
        rows::{Circumstances, failed_row},
    };
    use slm_testkit::plan::plan_input as input;

    fn first_cell(plan: &Plan, rows: &BTreeMap<String, TrialRow>) -> SummaryRow {
        let trials = plan.trials.iter().filter(|trial| !trial.warmup);
        let rows: Vec<&TrialRow> = trials.filter_map(|trial| rows.get(&trial.id)).collect();
        summarize(plan, "local", plan.cells()[0], 10, &rows)
    }

    fn rows(
        plan: &Plan,
        itps: impl Fn(&TrialRow) -> Option<f64>,
        verdict: Verdict,
    ) -> BTreeMap<String, TrialRow> {
        let evidence = Evidence::default();
        let of = Circumstances::new("local", &evidence);
        let row = |trial| {
            let mut row = failed_row(plan, trial, of, Status::Failed, Failure::Crashed, "");
            if let Some(itps) = itps(&row) {
                row = TrialRow {
                    status: Status::Completed,
                    failure: None,
                    verdict: Some(verdict),
                    itps: Some(itps),
                    ..row
                };
            }
            (trial.id.clone(), row)
        };
        plan.trials.iter().map(row).collect()
    }

    #[test]
    fn every_prompt_counts_once_and_warm_ups_do_not() {
        let plan = Plan::new(input(1, &[0], 2, 1)).unwrap();
        // Prompt q1 fails in its second repetition: its one figure still weighs as much as another's two.
        let pick = |row: &TrialRow| match (row.prompt_id.as_str(), row.warmup, row.repetition) {
            (_, true, _) => Some(1e9),
            ("q1", _, 1) => Some(100.0),
            ("q1", _, _) => None,
            _ => Some(200.0),
        };
        let row = first_cell(&plan, &rows(&plan, pick, Verdict::Valid));
        assert_eq!((row.n_planned, row.n_completed, row.n_valid), (Some(10), Some(9), Some(9)));
        assert_eq!(row.itps, Some(180.0));
        assert_eq!(row.failure, Some(Failure::Crashed));
        assert!(row.itps_ci_low < row.itps && row.itps < row.itps_ci_high);
        assert_eq!(row.otps, None);
    }

    #[test]
    fn suspect_trials_are_shown_only_where_no_valid_ones_are() {
        let plan = Plan::new(input(1, &[0], 1, 1)).unwrap();
        let row = first_cell(&plan, &rows(&plan, |_| Some(5.0), Verdict::Suspect));
        assert_eq!((row.itps, row.n_valid), (Some(5.0), Some(0)));
    }

    #[test]
    fn a_cell_without_trials_is_still_a_row() {
        let plan = Plan::new(input(2, &[0, 5], 1, 1)).unwrap();
        let row = first_cell(&plan, &BTreeMap::new());
        assert_eq!((row.itps, row.n_completed), (None, Some(0)));
    }
}
