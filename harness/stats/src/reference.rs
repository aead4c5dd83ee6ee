//! Known values from `numpy` and `scipy`, which `tools/stats_reference.py` wrote.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) values: Vec<f64>,
    pub(super) mean: f64,
    pub(super) standard_deviation: f64,
    pub(super) percentiles: BTreeMap<String, f64>,
    pub(super) fences: [f64; 2],
    pub(super) outliers: Vec<usize>,
}

#[derive(Deserialize)]
pub(super) struct TwoSamples {
    pub(super) baseline: Vec<f64>,
    pub(super) candidate: Vec<f64>,
    pub(super) difference: f64,
    pub(super) p: f64,
    pub(super) freedom: f64,
    pub(super) interval: [f64; 2],
}

#[derive(Deserialize)]
pub(super) struct Runs {
    pub(super) table: Vec<Vec<f64>>,
    pub(super) log_mean: f64,
    pub(super) half_width: f64,
}

#[derive(Deserialize)]
pub(super) struct Paired {
    pub(super) baseline: Vec<f64>,
    pub(super) candidate: Vec<f64>,
    pub(super) p: f64,
    pub(super) interval: [f64; 2],
}

#[derive(Deserialize)]
pub(super) struct Nnls {
    pub(super) rows: Vec<([f64; 3], f64)>,
    pub(super) coefficients: [f64; 3],
}

#[derive(Deserialize)]
struct Reference {
    normal_cdf: BTreeMap<String, f64>,
    cases: BTreeMap<String, Case>,
    student: Vec<[f64; 3]>,
    student_quantiles: Vec<[f64; 2]>,
    holm: Vec<(Vec<f64>, Vec<f64>)>,
    two_samples: TwoSamples,
    runs: Runs,
    paired: Paired,
    nnls: Vec<Nnls>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference.json")).unwrap()
}

pub(super) fn cases() -> Vec<Case> {
    reference().cases.into_values().collect()
}

pub(super) fn normal_cdf() -> Vec<(f64, f64)> {
    reference().normal_cdf.into_iter().map(|(z, p)| (z.parse().unwrap(), p)).collect()
}

pub(super) fn student() -> Vec<[f64; 3]> {
    reference().student
}

pub(super) fn student_quantiles() -> Vec<[f64; 2]> {
    reference().student_quantiles
}

pub(super) fn holm() -> Vec<(Vec<f64>, Vec<f64>)> {
    reference().holm
}

pub(super) fn two_samples() -> TwoSamples {
    reference().two_samples
}

pub(super) fn runs() -> Runs {
    reference().runs
}

pub(super) fn paired() -> Paired {
    reference().paired
}

pub(super) fn nnls() -> Vec<Nnls> {
    reference().nnls
}

/// Known values for histories and cost models, which `tools/history_reference.py` wrote.
#[derive(Deserialize)]
struct HistoryReference {
    benjamini_hochberg: Vec<(Vec<f64>, Vec<f64>)>,
    trends: Vec<TrendCase>,
    slopes: Vec<SlopeCase>,
    cuts: Vec<CutsCase>,
    shifts: Vec<ShiftCase>,
    no_shifts: Vec<NoShiftCase>,
    clipped: Vec<ClippedCase>,
}

#[derive(Deserialize)]
pub(super) struct ClippedCase {
    pub(super) values: Vec<f64>,
    pub(super) clipped: Vec<f64>,
    pub(super) outliers: Vec<usize>,
}

#[derive(Deserialize)]
pub(super) struct TrendCase {
    pub(super) values: Vec<f64>,
    pub(super) s: f64,
    pub(super) p: f64,
}

#[derive(Deserialize)]
pub(super) struct SlopeCase {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    /// The slope and the ends of its interval.
    pub(super) slope: [f64; 3],
}

#[derive(Deserialize)]
pub(super) struct CutsCase {
    pub(super) values: Vec<f64>,
    pub(super) shortest: usize,
    pub(super) cuts: Vec<usize>,
}

#[derive(Deserialize)]
pub(super) struct ShiftCase {
    pub(super) values: Vec<f64>,
    pub(super) stretch: [usize; 2],
    pub(super) t: f64,
}

#[derive(Deserialize)]
pub(super) struct NoShiftCase {
    /// How many values a series has.
    pub(super) values: usize,
    /// A t, and the share of series whose largest is at least that large.
    pub(super) chances: Vec<[f64; 2]>,
}

fn history_reference() -> HistoryReference {
    serde_json::from_str(include_str!("history_reference.json")).unwrap()
}

pub(super) fn benjamini_hochberg() -> Vec<(Vec<f64>, Vec<f64>)> {
    history_reference().benjamini_hochberg
}

pub(super) fn trends() -> Vec<TrendCase> {
    history_reference().trends
}

pub(super) fn slopes() -> Vec<SlopeCase> {
    history_reference().slopes
}

pub(super) fn cuts() -> Vec<CutsCase> {
    history_reference().cuts
}

pub(super) fn shifts() -> Vec<ShiftCase> {
    history_reference().shifts
}

pub(super) fn no_shifts() -> Vec<NoShiftCase> {
    history_reference().no_shifts
}

pub(super) fn clipped() -> Vec<ClippedCase> {
    history_reference().clipped
}
