//! From a [`SummaryRow`] to a [`Cell`]: what its values cannot say together.

use super::cell::{Cell, Estimate, Key};
use crate::schema::{Fault, SummaryRow};
use slm_stats::Interval;

/// The prefill's share of TTFT below which the two cannot be in one unit; the
/// null engine, which prefills in no time, is left out.
const LEAST_PREFILL_SHARE: f64 = 1.0 / 50.0;

/// The cell of a row whose values can stand in their columns.
pub(super) fn cell(row: SummaryRow) -> Result<Cell, Fault> {
    let context = row.context()?;
    let text = |value: &str| value.trim().to_owned();
    let cell = Cell {
        key: Key {
            device: text(&row.device),
            backend: text(&row.backend),
            model: text(&row.model),
            weights: text(&row.weights),
            quant: text(&row.quant),
            variant: row.variant,
            context,
        },
        soc: row.soc,
        params: row.params.filter(|&params| params > 0),
        n_planned: row.n_planned,
        n_completed: row.n_completed,
        n_valid: row.n_valid,
        n_runs: row.n_runs,
        failure: row.failure,
        n_in: row.n_in,
        n_out: row.n_out,
        itps: estimate(
            ["itps", "itps_ci_low", "itps_ci_high"],
            [row.itps, row.itps_ci_low, row.itps_ci_high],
        )?,
        otps: estimate(
            ["otps", "otps_ci_low", "otps_ci_high"],
            [row.otps, row.otps_ci_low, row.otps_ci_high],
        )?,
        ttft_s: estimate(
            ["ttft_s", "ttft_s_ci_low", "ttft_s_ci_high"],
            [row.ttft_s, row.ttft_s_ci_low, row.ttft_s_ci_high],
        )?,
        runtime_s: estimate(
            ["runtime_s", "runtime_s_ci_low", "runtime_s_ci_high"],
            [row.runtime_s, row.runtime_s_ci_low, row.runtime_s_ci_high],
        )?,
        rss_peak_mib: row.rss_peak_mib,
        model_mib: row.model_mib,
        kv_cache_mib: row.kv_cache_mib,
        compute_mib: row.compute_mib,
        energy_j_per_token: row.energy_j_per_token,
    };
    units(&cell)?;
    Ok(cell)
}

/// A mean with its interval.
fn estimate(columns: [&'static str; 3], values: [Option<f64>; 3]) -> Result<Option<Estimate>, Fault> {
    let [mean_column, low_column, high_column] = columns;
    let interval = match (values[1], values[2]) {
        (Some(low), Some(high)) if low > high => {
            return Err(Fault::new(high_column, format!("{high} is below the interval's lower end, {low}")));
        }
        (Some(low), Some(high)) => Some(Interval { low, high }),
        (None, None) => None,
        (Some(_), None) => return Err(Fault::new(high_column, "is empty, and the lower end is not")),
        (None, Some(_)) => return Err(Fault::new(low_column, "is empty, and the upper end is not")),
    };
    match (values[0], interval) {
        (Some(mean), interval) => Ok(Some(Estimate { mean, interval })),
        (None, Some(_)) => Err(Fault::new(mean_column, "is empty, and its interval is not")),
        (None, None) => Ok(None),
    }
}

/// Figures of one cell that cannot be in the units of their columns.
fn units(cell: &Cell) -> Result<(), Fault> {
    let mean = |estimate: Option<Estimate>| estimate.map(|estimate| estimate.mean);
    if let (Some(ttft), Some(runtime)) = (mean(cell.ttft_s), mean(cell.runtime_s))
        && runtime < 0.999 * ttft
    {
        let why = format!("{runtime} s is shorter than ttft_s ({ttft} s); are both in seconds?");
        return Err(Fault::new("runtime_s", why));
    }
    if let (Some(itps), Some(ttft), Some(n_in)) = (mean(cell.itps), mean(cell.ttft_s), cell.n_in)
        && cell.key.backend != "null"
        && n_in > 0.0
        && n_in / itps < LEAST_PREFILL_SHARE * ttft
    {
        let why = format!("{ttft} s for {n_in} tokens at {itps} tokens per second; is it in seconds?");
        return Err(Fault::new("ttft_s", why));
    }
    Ok(())
}
