//! Size against runtime at one context length: the points, and which of them no other
//! beats.

use crate::data::{ReportData, nominal_tokens};
use slm_results::read::{Context, Estimate};

/// The context length at which models are compared: about a page and a half, the
/// SlimLM paper's longest common one.
const REFERENCE_TOKENS: f64 = 800.0;

/// A model with its size and its runtime at one context length.
pub(crate) struct SizedRuntime<'a> {
    /// Device.
    pub(crate) device: &'a str,
    /// Index of the subject.
    pub(crate) subject: usize,
    /// Parameters.
    pub(crate) params: f64,
    /// Runtime, seconds.
    pub(crate) runtime: Estimate,
}

/// The measured context length nearest to 800 tokens.
pub(crate) fn reference_context(data: &ReportData) -> Option<Context> {
    let tokens = |context: Context| {
        let cells = data.cells.iter().filter(|m| m.cell.key.context == context);
        let lengths: Vec<f64> = cells.filter_map(|m| m.cell.n_in).collect();
        slm_stats::mean(&lengths).unwrap_or_else(|| nominal_tokens(context))
    };
    let distance = |context: Context| (tokens(context).max(1.0) / REFERENCE_TOKENS).ln().abs();
    let has_figures = |context: &Context| {
        data.cells.iter().any(|m| m.cell.key.context == *context && m.cell.runtime_s.is_some())
    };
    let contexts = data.contexts().into_iter().filter(has_figures);
    contexts.min_by(|a, b| distance(*a).total_cmp(&distance(*b)))
}

/// Models of known size with a runtime at a context length.
pub(crate) fn sized_runtimes(data: &ReportData, context: Context) -> Vec<SizedRuntime<'_>> {
    let at = data.cells.iter().filter(|measured| measured.cell.key.context == context);
    at.filter_map(|measured| {
        Some(SizedRuntime {
            device: &data.subjects[measured.subject].device,
            subject: measured.subject,
            params: measured.cell.params? as f64,
            runtime: measured.cell.runtime_s?,
        })
    })
    .collect()
}

/// The Pareto fronts, one for each device: indices of models of which no other on the
/// same device is both at least as large and faster; by size, ascending.
pub(crate) fn pareto(points: &[SizedRuntime<'_>]) -> Vec<usize> {
    let beats = |a: &SizedRuntime<'_>, b: &SizedRuntime<'_>| {
        a.device == b.device
            && a.params >= b.params
            && a.runtime.mean <= b.runtime.mean
            && (a.params > b.params || a.runtime.mean < b.runtime.mean)
    };
    let mut front: Vec<usize> =
        (0..points.len()).filter(|&i| points.iter().all(|other| !beats(other, &points[i]))).collect();
    front.sort_by(|&a, &b| points[a].params.total_cmp(&points[b].params));
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(params: f64, seconds: f64) -> SizedRuntime<'static> {
        SizedRuntime {
            device: "phone",
            subject: 0,
            params,
            runtime: Estimate { mean: seconds, interval: None },
        }
    }

    #[test]
    fn the_front_has_no_model_that_another_beats() {
        let points = [point(1e8, 2.0), point(2e8, 1.0), point(4e8, 5.0), point(3e8, 6.0), point(8e8, 9.0)];
        assert_eq!(pareto(&points), [1, 2, 4]);
        assert!(pareto(&[]).is_empty());
        assert_eq!(pareto(&[point(1e8, 2.0), point(1e8, 2.0)]).len(), 2);
        let elsewhere = SizedRuntime { device: "tablet", ..point(1e8, 9.0) };
        assert_eq!(pareto(&[point(2e8, 1.0), elsewhere]), [1, 0]);
    }
}
