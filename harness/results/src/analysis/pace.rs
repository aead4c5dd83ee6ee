//! Whether a trial was faster than the others of its cell can explain. What disturbs a trial makes it
//! slower, so that the fast end of a cell is sharp.

use super::metrics::{Metrics, inter_token_ms};
use slm_protocol::TrialReport;
use slm_stats::percentile;

/// A trial may be so much faster than what is usual among the others.
const TOLERANCE: f64 = 1.25;
/// So many others that are as fast show that the machine can be: some have a fast and a slow state that last for
/// seconds, and most of a cell may lie in the slow one.
const SHOWN_BY: usize = 3;
/// Fewer others say nothing.
const OTHERS: usize = 4;

/// How fast a trial was, apart from its disturbances.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// 10th percentile of the times between output tokens, milliseconds.
    pub token_ms: Option<f64>,
    /// Time over the prompt, milliseconds.
    pub prefill_ms: Option<f64>,
    /// The same for each token of the prompt.
    pub prompt_token_ms: Option<f64>,
}

impl Pace {
    /// That of a trial.
    pub fn of(report: &TrialReport) -> Self {
        let prefill = Metrics::of(report).prefill_s.map(|seconds| 1e3 * seconds);
        Self {
            token_ms: percentile(&inter_token_ms(&report.times), 10.0),
            prefill_ms: prefill,
            prompt_token_ms: prefill.zip(report.n_in).map(|(time, tokens)| time / f64::from(tokens.max(1))),
        }
    }

    /// What is usual in a cell: the faster quarter of these trials or, in large cells, the third fastest. Fields are
    /// empty where they are too few.
    pub fn usual(trials: &[&Self]) -> Self {
        let quarter = |pick: fn(&Self) -> Option<f64>| {
            let mut values: Vec<f64> = trials.iter().filter_map(|pace| pick(pace)).collect();
            values.sort_by(f64::total_cmp);
            let quarter = percentile(&values, 25.0).filter(|_| values.len() >= OTHERS)?;
            values.get(SHOWN_BY - 1).map(|fast| fast.min(quarter))
        };
        Self {
            token_ms: quarter(|pace| pace.token_ms),
            prefill_ms: quarter(|pace| pace.prefill_ms),
            prompt_token_ms: quarter(|pace| pace.prompt_token_ms),
        }
    }

    /// In what a trial outran its cell, in words; `usual` is what is usual among the others.
    pub fn outran(&self, usual: &Self) -> Vec<String> {
        let mut reasons = Vec::new();
        let mut doubt = |what: &str, factor: Option<f64>| {
            if let Some(factor) = factor.filter(|factor| *factor > TOLERANCE) {
                reasons.push(format!("{what} was {factor:.1} times as fast as in other trials of its cell"));
            }
        };
        let factor = |usual: Option<f64>, own: Option<f64>| {
            usual.zip(own.filter(|own| *own > 0.0)).map(|(usual, own)| usual / own)
        };
        doubt("decode", factor(usual.token_ms, self.token_ms));
        // Prompts of a cell differ in length, and the time of short ones does not grow with it.
        let whole = factor(usual.prefill_ms, self.prefill_ms);
        let each = factor(usual.prompt_token_ms, self.prompt_token_ms);
        doubt("prefill", whole.zip(each).map(|(whole, each)| whole.min(each)));
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(token_ms: f64, prefill_ms: f64, tokens: f64) -> Pace {
        Pace {
            token_ms: Some(token_ms),
            prefill_ms: Some(prefill_ms),
            prompt_token_ms: Some(prefill_ms / tokens),
        }
    }

    #[test]
    fn a_trial_that_outran_its_cell_is_told_and_slow_ones_do_not_hide_it() {
        let others = [
            pace(5.0, 100.0, 200.0),
            pace(5.2, 104.0, 210.0),
            pace(9.0, 300.0, 205.0),
            pace(5.1, 99.0, 198.0),
        ];
        let usual = Pace::usual(&others.iter().collect::<Vec<_>>());
        assert!(pace(4.6, 95.0, 200.0).outran(&usual).is_empty());
        let reasons = pace(5.0 / 1.5, 50.0, 200.0).outran(&usual);
        assert_eq!(
            reasons,
            [
                "decode was 1.5 times as fast as in other trials of its cell",
                "prefill was 2.0 times as fast as in other trials of its cell"
            ]
        );
        let of_three = Pace::usual(&others[..3].iter().collect::<Vec<_>>());
        assert!(pace(1.0, 1.0, 200.0).outran(&of_three).is_empty(), "three others are too few");
    }

    #[test]
    fn a_machine_that_is_fast_now_and_then_makes_no_trial_suspect() {
        let own = pace(3.4, 70.0, 200.0);
        let cell = |fast: usize| {
            let all: Vec<Pace> =
                (0..24).map(|i| if i < fast { own } else { pace(5.2, 105.0, 200.0) }).collect();
            Pace::usual(&all.iter().collect::<Vec<_>>())
        };
        assert!(own.outran(&cell(3)).is_empty());
        assert_eq!(own.outran(&cell(2)).len(), 2, "two others may have the same fault");
    }

    #[test]
    fn a_shorter_prompt_is_no_faster_prefill() {
        let others = [pace(5.0, 10.0, 11.0); 5];
        let usual = Pace::usual(&others.iter().collect::<Vec<_>>());
        assert!(pace(5.0, 7.0, 8.0).outran(&usual).is_empty());
    }
}
