//! Statistics, one method per module, each with its formula and source.

mod bootstrap;
mod describe;

pub use bootstrap::{Interval, mean_interval};
pub use describe::{mean, percentile, standard_deviation};

/// Known values from `numpy` and `scipy`; `scripts/stats_reference.py` made them.
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
    }

    #[derive(Deserialize)]
    struct Reference {
        normal_cdf: BTreeMap<String, f64>,
        cases: BTreeMap<String, Case>,
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
}
