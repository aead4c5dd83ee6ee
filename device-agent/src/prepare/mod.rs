//! Prompts as the model will see them: templated, cut, counted.
//!
//! The text is prepared here, before any trial; a trial tokenizes it again, since
//! tokenizing is part of the time to the first token.

mod date;
mod exact;
mod tags;
mod template;
mod whole;

use crate::{
    digest,
    engine::{Model, Vocabulary},
};
use slm_protocol::{Job, Prompt, PromptContent, PromptReport};
use template::Template;

/// Characters of the first prompt that are shown: the whole of any question, and of
/// any chat template's beginning.
const SHOWN_CHARS: usize = 4000;

/// A prompt ready to be run, or the reason why it cannot be.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What the engine is given.
    pub(crate) text: String,
    /// Whether the tokenizer adds the model's begin and end tokens.
    pub(crate) add_special: bool,
    /// Whether special tokens in the text count: in a template they do, in what
    /// a user wrote they do not.
    pub(crate) parse_special: bool,
    /// Tokens at most: counted, or bounded where the engine tokenizes within the trial.
    pub(crate) most_tokens: u32,
    /// What the host is told.
    pub(crate) report: PromptReport,
}

/// Why a message of the system cannot be sent.
const NO_PLACE: &str = "a system message is asked for, but no chat template has a place for it";

/// Prepares all prompts of a job, in its order.
pub(crate) fn prompts(job: &Job, model: &dyn Model) -> Vec<Prepared> {
    let mut prepared = match model.vocabulary() {
        Some(vocabulary) => tokenized(job, model, vocabulary),
        None => whole::prompts(job),
    };
    if let Some(first) = prepared.first_mut() {
        first.report.text = Some(first.text.chars().take(SHOWN_CHARS).collect());
    }
    prepared
}

fn tokenized(job: &Job, model: &dyn Model, vocabulary: &dyn Vocabulary) -> Vec<Prepared> {
    let template =
        job.generation.chat_template.then(|| vocabulary.chat_template()).flatten().map(Template::new);
    let limit = longest_prompt(job, model);
    let system = job.generation.system.as_deref();
    let prepared = |prompt| prepare(prompt, vocabulary, template.as_ref(), system, &limit);
    job.prompts.iter().map(prepared).collect()
}

/// Context length for these prompts if none is asked for: the longest one with its
/// output, rounded up to 256. `None` when none of them can run.
pub(crate) fn context_length(prompts: &[Prepared], max_new_tokens: u32) -> Option<u32> {
    let longest = prompts.iter().filter(|p| p.report.unsupported.is_none()).map(|p| p.most_tokens).max()?;
    Some(longest.saturating_add(max_new_tokens).checked_next_multiple_of(256).unwrap_or(u32::MAX))
}

/// Prompt tokens that leave room for the output.
struct Limit {
    tokens: u32,
    /// The context that the room is in.
    context: u32,
    /// Whose limit that is.
    of: &'static str,
    max_new_tokens: u32,
}

fn longest_prompt(job: &Job, model: &dyn Model) -> Limit {
    let max_new_tokens = job.generation.max_new_tokens;
    let trained = model.facts().n_ctx_train;
    let (context, of) = match job.options.n_ctx {
        Some(asked) if asked < trained => (asked, "asked for"),
        _ => (trained, "that the model was trained for"),
    };
    Limit { tokens: context.saturating_sub(max_new_tokens), context, of, max_new_tokens }
}

fn prepare(
    prompt: &Prompt,
    vocabulary: &dyn Vocabulary,
    template: Option<&Template>,
    system: Option<&str>,
    limit: &Limit,
) -> Prepared {
    let (text, templated, mut problem) = match &prompt.content {
        PromptContent::Text { text } => match template {
            None => (text.clone(), false, system.map(|_| NO_PLACE.to_owned())),
            Some(template) => match template.render(system, text) {
                Ok(rendered) => (rendered, true, None),
                Err(problem) => (text.clone(), false, Some(problem)),
            },
        },
        PromptContent::Exact { source, tokens } if *tokens > limit.tokens => {
            (String::new(), false, Some(too_long(*tokens, limit)).filter(|_| !source.is_empty()))
        }
        PromptContent::Exact { source, tokens } => match exact::cut(source, *tokens, vocabulary) {
            Ok(text) => (text, false, None),
            Err(problem) => (String::new(), false, Some(problem)),
        },
    };
    let add_special = !templated || !template.is_some_and(|template| template.begins(&text));
    let tokens = vocabulary.tokenize(&text, add_special, templated);
    let n_in = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
    if problem.is_none() && n_in == 0 {
        problem = Some("the prompt has no tokens".to_owned());
    }
    if problem.is_none() && n_in > limit.tokens {
        problem = Some(too_long(n_in, limit));
    }
    Prepared {
        report: PromptReport {
            id: prompt.id.clone(),
            n_in: Some(n_in),
            text_sha256: digest::text(&text),
            tokens_sha256: Some(digest::tokens(&tokens)),
            templated,
            text: None,
            unsupported: problem,
        },
        text,
        add_special,
        parse_special: templated,
        most_tokens: n_in,
    }
}

fn too_long(n_in: u32, limit: &Limit) -> String {
    format!(
        "a prompt of {n_in} tokens and an output of {} do not fit into the context of {} {}",
        limit.max_new_tokens, limit.context, limit.of
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use slm_protocol::{
        EngineKind, EngineOptions, FlashAttention, Generation, LoadMode, ModelFile, StopRule, VERSION,
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
        let model = engine::load(EngineKind::Null, std::path::Path::new(""), LoadMode::Mmap, true).unwrap();
        let prepared = prompts(&job, model.as_ref());
        let refused: Vec<bool> = prepared.iter().map(|p| p.report.unsupported.is_some()).collect();
        assert_eq!(refused, [false, true, false, true, false]);
        assert_eq!(prepared[2].report.n_in, Some(90));
        assert!(prepared[1].report.unsupported.as_ref().unwrap().contains("context of 100"));
        assert_eq!(context_length(&prepared, 10), Some(256));
        assert_eq!(context_length(&prepared[1..2], 10), None);
    }
}
