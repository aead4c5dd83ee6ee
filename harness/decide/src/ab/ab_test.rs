//! The test as blocks come in.

use super::{Answer, Look, block};
use slm_results::{read::Metric, schema::TrialRow};
use slm_stats::Sequential;

/// Probability of one false call in a session.
const ALPHA: f64 = 0.05;
/// Blocks before the first look: of fewer, the deviation is hardly known.
const FIRST_LOOK: usize = 4;
/// The metrics that are tested. The others follow from them: ITPS is TTFT on another scale, runtime
/// adds both, memory hardly varies.
const TESTED: [Metric; 2] = [Metric::Ttft, Metric::Otps];

/// A session's test.
#[derive(Clone, Debug)]
pub struct AbTest {
    detect: f64,
    metrics: Vec<MetricTest>,
}

#[derive(Clone, Debug)]
struct MetricTest {
    metric: Metric,
    differences: Vec<f64>,
    boundary: Option<Sequential>,
    look: Option<Look>,
}

impl AbTest {
    /// A test that is to find differences of at least this size, relative, or rule them out.
    pub fn new(detect: f64) -> Self {
        let boundary =
            |metric| TESTED.contains(&metric).then(|| Sequential::new(ALPHA / TESTED.len() as f64));
        let metric =
            |metric| MetricTest { metric, differences: Vec::new(), boundary: boundary(metric), look: None };
        Self { detect, metrics: Metric::ALL.into_iter().map(metric).collect() }
    }

    /// Adds the trials of one block and looks, when this share of the time is over. The share
    /// grows from block to block; at 1 the rest of the error rate is spent.
    pub fn add_block(&mut self, rows: &[&TrialRow], time: f64) {
        for test in &mut self.metrics {
            if let Some(difference) = block::difference(rows, test.metric) {
                test.add(difference, time, self.detect);
            }
        }
    }

    /// What is known by now, in the order of the metrics; those without a value are left out.
    pub fn looks(&self) -> impl Iterator<Item = &Look> {
        self.metrics.iter().filter_map(|test| test.look.as_ref())
    }

    /// Whether every metric that is tested has its answer.
    pub fn is_decided(&self) -> bool {
        let mut tested = self.metrics.iter().filter(|test| test.boundary.is_some());
        tested.all(|test| test.look.as_ref().is_some_and(|look| look.answer != Answer::Open))
    }
}

impl MetricTest {
    fn add(&mut self, difference: f64, time: f64, detect: f64) {
        self.differences.push(difference);
        let blocks = self.differences.len();
        let level = match &mut self.boundary {
            Some(boundary) if blocks >= FIRST_LOOK => Some(boundary.look(blocks, time)),
            Some(_) => None,
            None => Some(ALPHA),
        };
        let look = Look::at(self.metric, &self.differences, level);
        self.look = if self.boundary.is_some() { look.map(|look| look.tested(detect)) } else { look };
    }
}
