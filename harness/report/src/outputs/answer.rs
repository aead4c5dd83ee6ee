//! One answer of a model.

use crate::identity::{Identity, identity_of};
use serde::Serialize;
use slm_protocol::StopReason;
use slm_results::schema::TrialRow;

/// What a model wrote to one prompt: the first output of its measured trials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Device by name.
    pub device: String,
    /// Engine.
    pub backend: String,
    /// Model by name.
    pub model: String,
    /// `synthetic` or `real`.
    pub weights: String,
    /// Weight types.
    pub quant: String,
    /// Which of two settings, where the sweep has the model in two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Chunks of context; `None` where prompts have an exact length.
    pub chunks: Option<u8>,
    /// Exact length of the prompt, tokens.
    pub prompt_tokens: Option<u32>,
    /// The prompt's identifier.
    pub prompt_id: String,
    /// The user's message; `None` where each model's tokenizer cuts its own.
    pub prompt: Option<String>,
    /// Input tokens by the model's own tokenizer.
    pub n_in: Option<u32>,
    /// Output tokens.
    pub n_out: u32,
    /// What ended the output.
    pub stop_reason: StopReason,
    /// The output. Untrusted text.
    pub output: String,
    /// Measured trials of the prompt that were completed.
    pub trials: u32,
    /// How many of them wrote just this.
    pub alike: u32,
    /// How many of them ended at the limit of output tokens.
    pub at_limit: u32,
}

identity_of!(Answer);

impl Answer {
    /// Whether its model's weights are random: then its text is, too.
    pub fn is_random(&self) -> bool {
        self.weights == "synthetic"
    }

    /// Whether it is of the trial's model on the trial's device.
    pub(super) fn is_of(&self, trial: &TrialRow) -> bool {
        Identity::from(self) == Identity::from(trial)
    }

    /// What ended the output, and whether all trials agree, in words.
    pub(crate) fn how_it_ended(&self) -> String {
        let tokens = if self.n_out == 1 { "1 token".to_owned() } else { format!("{} tokens", self.n_out) };
        let end = match self.stop_reason {
            StopReason::EndToken => format!("ended by the model after {tokens}"),
            StopReason::Length => format!("cut at the limit of {tokens}"),
            StopReason::Aborted => format!("aborted after {tokens}"),
        };
        match (self.trials, self.alike) {
            (1, _) => end,
            (trials, alike) if alike == trials => format!("{end}; the same in all {trials} trials"),
            (trials, alike) => format!("{end}; the same in {alike} of {trials} trials"),
        }
    }
}

/// How many outputs of some answers ended at the limit, and how many there are.
pub(crate) fn limited<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> (u32, u32) {
    answers
        .into_iter()
        .fold((0, 0), |(limited, all), answer| (limited + answer.at_limit, all + answer.trials))
}
