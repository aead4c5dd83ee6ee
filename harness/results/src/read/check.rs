//! From the wire's [`SummaryRow`] to a [`Cell`]: what a summary cannot say.

use super::cell::{Cell, Context, Estimate, Key};
use crate::analysis::SummaryRow;
use slm_stats::Interval;

/// What is wrong, and in which column.
pub(super) type Fault = (&'static str, String);

/// The prefill's share of TTFT below which the two cannot be in one unit; the
/// null engine, which prefills in no time, is left out.
const LEAST_PREFILL_SHARE: f64 = 1.0 / 50.0;

/// Checks every value of a row.
pub(super) fn cell(row: SummaryRow) -> Result<Cell, Fault> {
    let text = |column, value: String| match value.trim() {
        "" => Err((column, "is empty".to_owned())),
        trimmed => Ok(trimmed.to_owned()),
    };
    let (n_in, n_out) = (size("n_in", row.n_in)?, size("n_out", row.n_out)?);
    counts(&row)?;
    let cell = Cell {
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
        rss_peak_mib: size("rss_peak_mib", row.rss_peak_mib)?,
        model_mib: size("model_mib", row.model_mib)?,
        kv_cache_mib: size("kv_cache_mib", row.kv_cache_mib)?,
        compute_mib: size("compute_mib", row.compute_mib)?,
        energy_j_per_token: size("energy_j_per_token", row.energy_j_per_token)?,
        key: Key {
            device: text("device", row.device)?,
            backend: text("backend", row.backend)?,
            model: text("model", row.model)?,
            weights: text("weights", row.weights)?,
            quant: text("quant", row.quant)?,
            context: context(row.chunks, row.prompt_tokens, n_in),
        },
        soc: row.soc,
        params: row.params.filter(|&params| params > 0),
        n_planned: row.n_planned,
        n_completed: row.n_completed,
        n_valid: row.n_valid,
        failure: row.failure,
        n_in,
        n_out,
    };
    units(&cell)?;
    Ok(cell)
}

/// The context length: chunks or the prompt's exact length, as the row tells. Format
/// 1.0 had only the measured length of exact prompts.
pub(super) fn context(chunks: Option<u8>, prompt_tokens: Option<u32>, n_in: Option<f64>) -> Context {
    match (chunks, prompt_tokens, n_in) {
        (Some(chunks), ..) => Context::Chunks(chunks),
        (None, Some(tokens), _) => Context::Tokens(tokens),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to u32")]
        (None, None, Some(n_in)) => Context::Tokens(n_in.round().clamp(0.0, f64::from(u32::MAX)) as u32),
        (None, None, None) => Context::Unknown,
    }
}

fn counts(row: &SummaryRow) -> Result<(), Fault> {
    let more = |column, many: Option<u32>, of: Option<u32>, name: &str| match many.zip(of) {
        Some((many, of)) if many > of => Err((column, format!("is {many}, more than {name} ({of})"))),
        _ => Ok(()),
    };
    more("n_completed", row.n_completed, row.n_planned, "n_planned")?;
    more("n_valid", row.n_valid, row.n_completed, "n_completed")
}

/// A number above 0, where there is one.
pub(super) fn positive(column: &'static str, value: Option<f64>) -> Result<Option<f64>, Fault> {
    match value {
        Some(value) if !value.is_finite() => Err((column, format!("{value} is not a number"))),
        Some(value) if value < 0.0 => Err((column, format!("{value} is negative"))),
        Some(0.0) => Err((column, "0 is no measurement; what is unknown is left empty".to_owned())),
        other => Ok(other),
    }
}

/// A number that may be 0.
fn size(column: &'static str, value: Option<f64>) -> Result<Option<f64>, Fault> {
    if value == Some(0.0) { Ok(value) } else { positive(column, value) }
}

fn estimate(columns: [&'static str; 3], values: [Option<f64>; 3]) -> Result<Option<Estimate>, Fault> {
    let mean = positive(columns[0], values[0])?;
    let (low, high) = (positive(columns[1], values[1])?, positive(columns[2], values[2])?);
    let interval = match (low, high) {
        (Some(low), Some(high)) if low > high => {
            return Err((columns[2], format!("{high} is below the interval's lower end, {low}")));
        }
        (Some(low), Some(high)) => Some(Interval { low, high }),
        (None, None) => None,
        (Some(_), None) => return Err((columns[2], "is empty, and the lower end is not".to_owned())),
        (None, Some(_)) => return Err((columns[1], "is empty, and the upper end is not".to_owned())),
    };
    match (mean, interval) {
        (Some(mean), interval) => Ok(Some(Estimate { mean, interval })),
        (None, Some(_)) => Err((columns[0], "is empty, and its interval is not".to_owned())),
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
        return Err(("runtime_s", why));
    }
    if let (Some(itps), Some(ttft), Some(n_in)) = (mean(cell.itps), mean(cell.ttft_s), cell.n_in)
        && cell.key.backend != "null"
        && n_in > 0.0
        && n_in / itps < LEAST_PREFILL_SHARE * ttft
    {
        let why = format!("{ttft} s for {n_in} tokens at {itps} tokens per second; is it in seconds?");
        return Err(("ttft_s", why));
    }
    Ok(())
}
