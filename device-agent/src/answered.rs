//! One trial on an engine with a token loop of its own: a prompt in, its text out. What
//! is seen from outside is measured; times of single tokens are not.

use crate::{
    engine::{Answer, Answerer, Question},
    signals,
    trial::{Measured, Stop, Trial},
};
use slm_protocol::{Output, StopRule, Timestamps, TrialOutcome};
use std::{collections::BTreeMap, time::Instant};

impl Trial<'_> {
    /// Runs the trial.
    pub(crate) fn ask(&self, answerer: &mut dyn Answerer) -> Result<Measured, Stop> {
        let answer = answerer.answer(&Question {
            text: &self.prompt.text,
            system: self.generation.system.as_deref(),
            max_new_tokens: self.generation.max_new_tokens,
            ignore_end: self.generation.stop == StopRule::FixedLength,
            deadline: Instant::now().checked_add(self.timeout),
        });
        if signals::interrupted() { Err(Stop::Interrupted) } else { Ok(self.measured(answer)) }
    }

    fn measured(&self, answer: Answer) -> Measured {
        let reached = match answer.first_text_ns {
            None => "before the first text",
            Some(_) => "within the answer",
        };
        let mut times = Timestamps {
            request_ns: Some(answer.request_ns),
            first_text_ns: answer.first_text_ns,
            ..Timestamps::default()
        };
        let (outcome, end) = match answer.end {
            Ok(end) => (TrialOutcome::Completed, Some(end)),
            Err(error) => (self.outcome(&error, reached), None),
        };
        times.end_ns = end.as_ref().map(|end| end.at_ns);
        let output =
            |n_out, stop| Output { n_out, stop, tokens_sha256: None, text: answer.text, logits_finite: None };
        Measured {
            outcome,
            n_in: end.as_ref().map(|end| end.n_in),
            n_evaluated: end.as_ref().and_then(|end| end.n_evaluated),
            times,
            // How many tokens an answer has that did not come to its end, nobody counted.
            output: end.as_ref().map(|end| output(end.n_out, end.stop)),
            engine_figures: end.map_or_else(BTreeMap::new, |end| end.figures),
            rss_after_prefill: None,
            after_prefill: None,
        }
    }
}
