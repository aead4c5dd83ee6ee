//! Prompts for an engine that takes tokens: rendered through the chat template, cut to
//! length, counted.

use super::{
    begin::Begin,
    chat::Chat,
    exact,
    prepared::{Prepared, tokens_sha256},
    template::Template,
};
use crate::engine::{Model, Vocabulary};
use slm_models::digest::sha256_hex;
use slm_protocol::{Job, Prompt, PromptContent, PromptReport};

/// Why a system message cannot be sent.
const NO_TEMPLATE: &str = "a system message is asked for, but no chat template is applied";

/// Prepares all prompts of a job, in its order.
pub(super) fn prompts(job: &Job, model: &dyn Model, vocabulary: &dyn Vocabulary) -> Vec<Prepared> {
    let template = template(job, vocabulary);
    let system = job.generation.system.as_deref();
    let chat = template.as_ref().map(|template| Chat::new(template, system));
    let limit = longest_prompt(job, model);
    let refused = |problem: String| {
        let remedy = "give another with --chat-template FILE, or none with --no-chat-template";
        format!("{}: its chat template {problem}; {remedy}", job.model.name)
    };
    let prepared = |prompt| prepare(prompt, vocabulary, chat.as_ref(), system, &limit, &refused);
    job.prompts.iter().map(prepared).collect()
}

/// The user's template or the model's, where one is wanted.
fn template(job: &Job, vocabulary: &dyn Vocabulary) -> Option<Template> {
    if !job.generation.chat_template {
        return None;
    }
    let given = job.generation.template.clone().map(|source| vocabulary.with_tokens(source));
    given.or_else(|| vocabulary.chat_template()).map(|template| Template::new(&template))
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
    chat: Option<&Chat<'_>>,
    system: Option<&str>,
    limit: &Limit,
    refused: &dyn Fn(String) -> String,
) -> Prepared {
    let (text, templated, mut problem) = match &prompt.content {
        PromptContent::Text { text } => match chat {
            None => (text.clone(), false, system.map(|_| NO_TEMPLATE.to_owned())),
            Some(chat) => match chat.prompt(text) {
                Ok(rendered) => (rendered, true, None),
                Err(problem) => (text.clone(), false, Some(refused(problem))),
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
    let add_special = !templated || Begin::of(vocabulary).is_to_be_added(&text);
    let tokens = vocabulary.tokenize(&text, add_special, templated);
    if templated && problem.is_none() {
        problem = Begin::of(vocabulary).check(&tokens).err().map(refused);
    }
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
            text_sha256: sha256_hex(&text),
            tokens_sha256: Some(tokens_sha256(&tokens)),
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
