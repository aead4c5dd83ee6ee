//! From trials to cells: the rows of `summary.csv` and `variance.csv`.

use crate::schema::{Status, SummaryRow, TrialRow, VarianceRow};
use slm_plan::{Cell, Plan};
use slm_protocol::Failure;
use slm_stats::{Observation, RunMean, mean};
use std::collections::{BTreeMap, BTreeSet};

/// Summarizes one cell on one device from its trials, warm-ups left out. Figures are over the
/// valid trials; where a cell has none, there are none.
pub fn summarize(plan: &Plan, device: &str, cell: Cell, planned: u32, rows: &[&TrialRow]) -> SummaryRow {
    let model = &plan.input.models[cell.model];
    let completed = rows.iter().filter(|row| row.status == Status::Completed).count();
    let valid: Vec<&TrialRow> = rows.iter().copied().filter(|row| row.is_valid()).collect();
    let runs: BTreeSet<u32> = valid.iter().map(|row| row.run).collect();
    let figure = |pick: Pick| run_mean(&valid, pick);
    let [itps, otps, ttft, runtime] = METRICS.map(|(_, pick)| figure(pick));
    let plain = |pick: Pick| prompt_mean(&valid, pick);
    let interval = |found: &Option<RunMean>| found.as_ref().and_then(RunMean::interval);
    let low = |found: &Option<RunMean>| interval(found).map(|interval| interval.low);
    let high = |found: &Option<RunMean>| interval(found).map(|interval| interval.high);
    let centre = |found: &Option<RunMean>| found.as_ref().map(|found| found.mean);
    SummaryRow {
        device: device.to_owned(),
        soc: rows.iter().find_map(|row| row.soc.clone()),
        backend: model.engine.into_str().to_owned(),
        model: model.name.clone(),
        weights: model.weights.to_string(),
        quant: model.quant.clone(),
        variant: model.variant.as_ref().map(|variant| variant.label.clone()),
        params: Some(model.params),
        chunks: cell.context.chunks(),
        n_planned: Some(planned),
        n_completed: Some(count(completed)),
        n_valid: Some(count(valid.len())),
        n_runs: Some(count(runs.len())),
        failure: commonest_failure(rows),
        n_in: plain(|row| row.n_in.map(f64::from)),
        n_out: plain(|row| row.n_out.map(f64::from)),
        itps: centre(&itps),
        itps_ci_low: low(&itps),
        itps_ci_high: high(&itps),
        otps: centre(&otps),
        otps_ci_low: low(&otps),
        otps_ci_high: high(&otps),
        ttft_s: centre(&ttft),
        ttft_s_ci_low: low(&ttft),
        ttft_s_ci_high: high(&ttft),
        runtime_s: centre(&runtime),
        runtime_s_ci_low: low(&runtime),
        runtime_s_ci_high: high(&runtime),
        mbu: plain(|row| row.mbu),
        rss_peak_mib: valid.iter().filter_map(|row| row.rss_peak_mib).reduce(f64::max),
        model_mib: plain(|row| row.model_mib),
        kv_cache_mib: plain(|row| row.kv_cache_mib),
        compute_mib: plain(|row| row.compute_mib),
        energy_j_per_token: plain(|row| {
            row.energy_j.zip(row.n_out).filter(|(_, n)| *n > 0).map(|(j, n)| j / f64::from(n))
        }),
        prompt_tokens: cell.context.tokens(),
    }
}

/// A figure of a trial.
type Pick = fn(&TrialRow) -> Option<f64>;

/// The figures that have intervals, with their columns.
const METRICS: [(&str, Pick); 4] = [
    ("itps", |row| row.itps),
    ("otps", |row| row.otps),
    ("ttft_s", |row| row.ttft_s),
    ("runtime_s", |row| row.runtime_s),
];

/// What the valid trials of a cell vary with, metric by metric.
pub fn variances(cell: &SummaryRow, rows: &[&TrialRow]) -> Vec<VarianceRow> {
    let valid: Vec<&TrialRow> = rows.iter().copied().filter(|row| row.is_valid()).collect();
    let row = |(metric, pick): (&str, Pick)| {
        let found = run_mean(&valid, pick)?;
        Some(VarianceRow {
            device: cell.device.clone(),
            backend: cell.backend.clone(),
            model: cell.model.clone(),
            weights: cell.weights.clone(),
            quant: cell.quant.clone(),
            variant: cell.variant.clone(),
            chunks: cell.chunks,
            prompt_tokens: cell.prompt_tokens,
            metric: metric.to_owned(),
            runs: count(found.runs()),
            half_width: found.half_width(),
            sd_prompts: found.between_prompts,
            sd_runs: found.between_runs(),
            sd_trials: found.within_runs,
            runs_to_halve: found.runs_to_halve().map(count),
        })
    };
    METRICS.into_iter().filter_map(row).collect()
}

/// The paper's average: over prompts, each of which counts once, however many trials it has.
fn prompt_mean(rows: &[&TrialRow], pick: Pick) -> Option<f64> {
    let mut by_prompt: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows {
        if let Some(value) = pick(row) {
            by_prompt.entry(&row.prompt_id).or_default().push(value);
        }
    }
    let means: Vec<f64> = by_prompt.values().filter_map(|values| mean(values)).collect();
    mean(&means)
}

/// The same with its interval, over runs.
fn run_mean(rows: &[&TrialRow], pick: Pick) -> Option<RunMean> {
    let observations: Vec<Observation<'_>> = rows
        .iter()
        .filter_map(|row| Some(Observation { run: row.run, prompt: &row.prompt_id, value: pick(row)? }))
        .collect();
    RunMean::of(&observations)
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
    use crate::schema::Verdict;
    use slm_plan::PlanInput;
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
        let plan = Plan::new(PlanInput { runs: 2, ..input(1, &[0], 1, 1) }).unwrap();
        // Prompt q1 fails in the second run: its one figure still weighs as much as another's two.
        let pick = |row: &TrialRow| match (row.prompt_id.as_str(), row.warmup, row.run) {
            (_, true, _) => Some(1e9),
            ("q1", _, 1) => Some(100.0),
            ("q1", _, _) => None,
            (_, _, run) => Some(199.0 + f64::from(run)),
        };
        let rows = rows(&plan, pick, Verdict::Valid);
        let row = first_cell(&plan, &rows);
        assert_eq!(
            (row.n_planned, row.n_completed, row.n_valid, row.n_runs),
            (Some(10), Some(9), Some(9), Some(2))
        );
        assert_eq!(row.itps, Some(180.4));
        assert_eq!(row.failure, Some(Failure::Crashed));
        assert!(row.itps_ci_low < row.itps && row.itps < row.itps_ci_high);
        assert_eq!(row.otps, None);
        let all: Vec<&TrialRow> = rows.values().filter(|row| !row.warmup).collect();
        let variances = variances(&row, &all);
        assert_eq!((variances.len(), variances[0].metric.as_str(), variances[0].runs), (1, "itps", 2));
    }

    #[test]
    fn a_cell_without_a_valid_trial_has_no_figures() {
        let plan = Plan::new(input(1, &[0], 1, 1)).unwrap();
        let row = first_cell(&plan, &rows(&plan, |_| Some(5.0), Verdict::Suspect));
        assert_eq!((row.itps, row.n_completed, row.n_valid, row.n_runs), (None, Some(5), Some(0), Some(0)));
    }

    #[test]
    fn a_cell_without_trials_is_still_a_row() {
        let plan = Plan::new(input(2, &[0, 5], 1, 1)).unwrap();
        let row = first_cell(&plan, &BTreeMap::new());
        assert_eq!((row.itps, row.n_completed), (None, Some(0)));
    }
}
