//! Prompts as the model will see them: rendered through the chat template, cut, counted.
//!
//! The text is prepared here, before any trial. A trial tokenizes it again, since
//! tokenizing is part of the time to first token.

mod begin;
mod chat;
mod date;
mod exact;
mod json;
mod percent;
mod prepared;
mod show;
mod tags;
mod template;
mod tokenized;
mod untokenized;

pub(crate) use prepared::{Prepared, context_length, tokens_sha256};
pub(crate) use show::show;

use crate::engine::Model;
use slm_protocol::Job;

/// Characters of the first prompt that are shown: the whole of any question, and of
/// any chat template's beginning.
const SHOWN_CHARS: usize = 4000;

/// Prepares all prompts of a job, in its order.
pub(crate) fn prompts(job: &Job, model: &dyn Model) -> Vec<Prepared> {
    let mut prepared = match model.vocabulary() {
        Some(vocabulary) => tokenized::prompts(job, model, vocabulary),
        None => untokenized::prompts(job),
    };
    if let Some(first) = prepared.first_mut() {
        first.report.text = Some(first.text.chars().take(SHOWN_CHARS).collect());
    }
    prepared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use slm_protocol::{
        EngineKind, EngineOptions, FlashAttention, Generation, LoadMode, ModelFile, Prompt, PromptContent,
        StopRule, VERSION,
    };

    fn job(contents: Vec<PromptContent>, n_ctx: Option<u32>) -> Job {
        Job {
            protocol: VERSION,
            engine: EngineKind::Null,
            model: ModelFile { name: String::new(), path: String::new(), compiled: None },
            options: EngineOptions {
                threads: None,
                flash_attention: FlashAttention::Auto,
                n_ctx,
                n_ubatch: None,
                load: LoadMode::Mmap,
                affinity: None,
                calibrate_threads: false,
                repack: true,
            },
            generation: Generation {
                max_new_tokens: 10,
                stop: StopRule::FixedLength,
                chat_template: true,
                template: None,
                system: None,
            },
            prompts: contents
                .into_iter()
                .enumerate()
                .map(|(index, content)| Prompt { id: index.to_string(), content })
                .collect(),
            trials: Vec::new(),
            trial_timeout_ms: 1,
            load_timeout_ms: 0,
            gap_ms: 0,
            telemetry_ms: 0,
            cool_down: None,
        }
    }

    #[test]
    fn a_prompt_that_does_not_fit_is_refused_and_the_others_are_not() {
        let text = |bytes: usize| PromptContent::Text { text: "x".repeat(bytes) };
        let exact = |tokens| PromptContent::Exact { source: "abc".to_owned(), tokens };
        let job = job(vec![text(36), text(4000), exact(90), exact(91), text(356)], Some(100));
        let model = engine::null();
        let prepared = prompts(&job, model.as_ref());
        let refused: Vec<bool> = prepared.iter().map(|p| p.report.unsupported.is_some()).collect();
        assert_eq!(refused, [false, true, false, true, false]);
        assert_eq!(prepared[2].report.n_in, Some(90));
        assert!(prepared[1].report.unsupported.as_ref().unwrap().contains("context of 100"));
        assert_eq!(context_length(&prepared, 10), Some(256));
        assert_eq!(context_length(&prepared[1..2], 10), None);
    }
}
