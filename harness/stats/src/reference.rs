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
