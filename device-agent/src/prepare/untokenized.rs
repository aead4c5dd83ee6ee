//! Prompts for an engine that takes text. It applies its own chat template and tokenizes
//! by itself, so the text is passed on as it is.

use super::prepared::Prepared;
use slm_models::digest::sha256_hex;
use slm_protocol::{Job, Prompt, PromptContent, PromptReport};

/// Tokens that a chat template may add.
const TEMPLATE_TOKENS: u32 = 256;

const NO_EXACT: &str = "this engine tokenizes by itself: it takes no prompts of an exact number of tokens";
const NO_PLAIN: &str = "this engine always applies the conversation template of the model's folder";

/// Prepares all prompts of a job, in its order.
pub(super) fn prompts(job: &Job) -> Vec<Prepared> {
    job.prompts.iter().map(|prompt| prepare(prompt, job)).collect()
}

fn prepare(prompt: &Prompt, job: &Job) -> Prepared {
    let (text, problem) = match &prompt.content {
        PromptContent::Text { text } => {
            (text.clone(), (!job.generation.chat_template).then(|| NO_PLAIN.to_owned()))
        }
        PromptContent::Exact { .. } => (String::new(), Some(NO_EXACT.to_owned())),
    };
    let system = job.generation.system.as_ref().map_or(0, String::len);
    // A token stands for a byte at least.
    let bytes = u32::try_from(text.len() + system).unwrap_or(u32::MAX);
    Prepared {
        report: PromptReport {
            id: prompt.id.clone(),
            n_in: None,
            text_sha256: sha256_hex(&text),
            tokens_sha256: None,
            templated: true,
            text: None,
            unsupported: problem,
        },
        text,
        add_special: false,
        parse_special: false,
        most_tokens: bytes.saturating_add(TEMPLATE_TOKENS),
    }
}
