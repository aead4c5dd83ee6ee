//! One trial on an engine with a token loop of its own: a prompt goes in, text comes out.
//! Only what can be seen from outside is measured, not the times of single tokens.

use super::{
    clock,
    trial::{Measured, Stop, Trial},
};
use crate::{
    engine::{GenerateRequest, Generated, Generator},
    host::signals,
};
use slm_protocol::{Output, StopRule, Timestamps, TrialOutcome};
use std::time::Instant;

impl Trial<'_> {
    /// Runs the trial.
    pub(crate) fn generate(&self, generator: &mut dyn Generator) -> Result<Measured, Stop> {
        let begin = clock::boot_ns();
        let generated = generator.generate(&GenerateRequest {
            text: &self.prompt.text,
            system: self.generation.system.as_deref(),
            max_new_tokens: self.generation.max_new_tokens,
            ignore_end: self.generation.stop == StopRule::FixedLength,
            deadline: Instant::now().checked_add(self.timeout),
        });
        let elapsed = clock::boot_ns().saturating_sub(begin);
        if signals::interrupted() { Err(Stop::Interrupted) } else { Ok(self.measured(generated, elapsed)) }
    }

    fn measured(&self, generated: Generated, elapsed_ns: u64) -> Measured {
        let reached = match generated.first_text_ns {
            None => "before the first text",
            Some(_) => "within the reply",
        };
        let (outcome, end) = match generated.end {
            Ok(end) => (TrialOutcome::Completed, Some(end)),
            Err(error) => (self.outcome(&error, reached), None),
        };
        let times = Timestamps {
            request_ns: Some(generated.request_ns),
            first_text_ns: generated.first_text_ns,
            end_ns: end.as_ref().map(|end| end.at_ns),
            ..Timestamps::default()
        };
        let text = generated.text;
        Measured {
            outcome,
            n_in: end.as_ref().map(|end| end.n_in),
            n_evaluated: end.as_ref().and_then(|end| end.n_evaluated),
            times,
            elapsed_ns: Some(elapsed_ns),
            // The number of tokens of a reply that did not end is not known.
            output: end.as_ref().map(|end| Output {
                n_out: end.n_out,
                stop: end.stop,
                tokens_sha256: None,
                text,
                logits_finite: None,
            }),
            figures: end.map(|end| end.figures).unwrap_or_default(),
            rss_after_prefill: None,
            after_prefill: None,
        }
    }
}
