//! What is known after a block.

use slm_results::read::Metric;
use slm_stats::{Difference, Interval};
use strum::IntoStaticStr;

/// What is known of one metric after some blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The metric.
    pub metric: Metric,
    /// Whether it decides when the session ends; of others, only the interval is told.
    pub is_tested: bool,
    /// Blocks with valid trials of both.
    pub blocks: usize,
    /// B / A.
    pub ratio: f64,
    /// Its interval at the level of this look.
    pub interval: Option<Interval>,
    /// What is known.
    pub answer: Answer,
}

/// What is known of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Answer {
    /// B is better.
    Improved,
    /// B is worse.
    Regressed,
    /// They differ by less than was to be detected, if at all.
    Unchanged,
    /// Not yet known.
    Open,
}

impl Look {
    /// From the differences of blocks at a two-sided level.
    pub(super) fn at(metric: Metric, differences: &[f64], level: Option<f64>) -> Option<Self> {
        let centre = slm_stats::mean(differences)?;
        let interval = Difference::paired(differences).zip(level).map(|(difference, level)| {
            let Interval { low, high } = difference.interval(level);
            Interval { low: low.exp(), high: high.exp() }
        });
        Some(Self {
            metric,
            is_tested: false,
            blocks: differences.len(),
            ratio: centre.exp(),
            interval,
            answer: Answer::Open,
        })
    }

    /// The same of a metric that is tested, which gets an answer.
    pub(super) fn tested(self, detect: f64) -> Self {
        let answer = self.interval.map_or(Answer::Open, |interval| self.answer_of(interval, detect));
        Self { is_tested: true, answer, ..self }
    }

    fn answer_of(&self, interval: Interval, detect: f64) -> Answer {
        if interval.low > 1.0 || interval.high < 1.0 {
            let is_better = (self.ratio > 1.0) == self.metric.more_is_better();
            return if is_better { Answer::Improved } else { Answer::Regressed };
        }
        if interval.low >= 1.0 / (1.0 + detect) && interval.high <= 1.0 + detect {
            Answer::Unchanged
        } else {
            Answer::Open
        }
    }
}
