//! Statistics, one method per module, each with its formula and source.

mod bootstrap;
mod describe;
mod holm;
mod least_squares;
mod normal;
mod ratio;
mod stratified;
mod student;
mod tukey;

pub use bootstrap::{Interval, mean_interval};
pub use describe::{mean, median, percentile, standard_deviation};
pub use holm::holm;
pub use least_squares::{dot, nonnegative_least_squares};
pub use normal::normal_two_sided;
pub use ratio::ratio_of_means;
pub use stratified::{Difference, Stratum, stratified_difference};
pub use student::{student_quantile_95, student_two_sided};
pub use tukey::{Fences, outliers};

/// Known values from `numpy` and `scipy`; `tools/stats_reference.py` made them.
#[cfg(test)]
mod reference {
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Deserialize)]
    pub(super) struct Case {
        pub(super) values: Vec<f64>,
        pub(super) mean: f64,
        pub(super) standard_deviation: f64,
        pub(super) percentiles: BTreeMap<String, f64>,
        pub(super) bca: Option<[f64; 2]>,
        pub(super) fences: [f64; 2],
        pub(super) outliers: Vec<usize>,
    }

    #[derive(Deserialize)]
    pub(super) struct TwoSamples {
        pub(super) baseline: Vec<f64>,
        pub(super) candidate: Vec<f64>,
        pub(super) ratio: f64,
        pub(super) ratio_percentile: [f64; 2],
        pub(super) difference: f64,
        pub(super) permutation_p: f64,
        pub(super) welch_interval: [f64; 2],
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
        paired: Paired,
        nnls: Vec<Nnls>,
    }

    fn reference() -> Reference {
        serde_json::from_str(include_str!("../../tests/fixtures/stats.json")).unwrap()
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

    pub(super) fn paired() -> Paired {
        reference().paired
    }

    pub(super) fn nnls() -> Vec<Nnls> {
        reference().nnls
    }
}
