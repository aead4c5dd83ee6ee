//! From a prompt set and context lengths to the prompts of a sweep.

use super::{PromptSet, chunks};
use crate::request::ContextLengths;
use serde::{Deserialize, Serialize};
use slm_protocol::PromptContent;
use std::fmt;

/// The context length of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// So many chunks of a document after a request; 0: a question alone.
    Chunks(u8),
    /// A prompt of exactly so many tokens by the model's tokenizer.
    Tokens(u32),
}

impl Context {
    /// Chunks, where the context is counted in chunks.
    pub fn chunks(self) -> Option<u8> {
        match self {
            Context::Chunks(chunks) => Some(chunks),
            Context::Tokens(_) => None,
        }
    }

    /// The exact length, where one was asked for.
    pub fn tokens(self) -> Option<u32> {
        match self {
            Context::Chunks(_) => None,
            Context::Tokens(tokens) => Some(tokens),
        }
    }

    /// Tokens of context, roughly, for estimates of time.
    pub fn nominal_tokens(self) -> u32 {
        match self {
            Context::Chunks(chunks) => 12 + u32::from(chunks::CHUNK_TOKENS) * u32::from(chunks),
            Context::Tokens(tokens) => tokens,
        }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Context::Chunks(1) => f.write_str("1 chunk"),
            Context::Chunks(k) => write!(f, "{k} chunks"),
            Context::Tokens(1) => f.write_str("1 token"),
            Context::Tokens(n) => write!(f, "{n} tokens"),
        }
    }
}

/// A prompt, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltPrompt {
    /// `q1`…, `r1-k2`… (request 1 with two chunks), `d1-200` (200 tokens of document 1),
    /// `summ1-k2`, `qs1-k2`, `qa1-k2` (tasks on document 1).
    pub id: String,
    /// The cell it belongs to.
    pub context: Context,
    /// Tokens by tiktoken; for exact prompts, the tokens asked for.
    pub nominal_tokens: u32,
    /// What is sent.
    pub content: PromptContent,
}

/// All prompts for the given context lengths, context by context.
pub fn build(set: &PromptSet, lengths: &ContextLengths) -> Vec<BuiltPrompt> {
    match lengths {
        ContextLengths::Chunks(list) => list.iter().flat_map(|&k| chunk_prompts(set, k)).collect(),
        ContextLengths::Tokens(list) => list.iter().flat_map(|&n| exact_prompts(set, n)).collect(),
    }
}

fn chunk_prompts(set: &PromptSet, k: u8) -> Vec<BuiltPrompt> {
    let built = |id: String, text: String| BuiltPrompt {
        id,
        context: Context::Chunks(k),
        nominal_tokens: chunks::count(&text),
        content: PromptContent::Text { text },
    };
    if k == 0 {
        return (1..)
            .zip(&set.questions)
            .map(|(i, question)| built(format!("q{i}"), question.clone()))
            .collect();
    }
    let pairs = set.requests.iter().zip(&set.documents);
    (1..)
        .zip(pairs)
        .map(|(i, (request, document))| {
            let excerpt = chunks::first_chunks(document, k);
            built(format!("r{i}-k{k}"), format!("{request}\n\n{excerpt}"))
        })
        .collect()
}

fn exact_prompts(set: &PromptSet, tokens: u32) -> Vec<BuiltPrompt> {
    (1..)
        .zip(&set.documents)
        .map(|(i, document)| BuiltPrompt {
            id: format!("d{i}-{tokens}"),
            context: Context::Tokens(tokens),
            nominal_tokens: tokens,
            content: PromptContent::Exact { source: document.clone(), tokens },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_study_is_six_cells_of_five_prompts() {
        let prompts = build(&PromptSet::builtin(), &ContextLengths::Chunks((0..=5).collect()));
        assert_eq!(prompts.len(), 30);
        assert!(prompts[..5].iter().all(|p| p.nominal_tokens < 12), "questions have less than 12 tokens");
        let PromptContent::Text { text } = &prompts[7].content else { panic!("text") };
        assert_eq!(prompts[7].id, "r3-k1");
        assert!(text.starts_with("Briefly outline the main points from the passage(s) below:\n\n"));
        let ids: std::collections::BTreeSet<_> = prompts.iter().map(|p| &p.id).collect();
        assert_eq!(ids.len(), 30);
    }

    #[test]
    fn exact_prompts_ask_for_their_length() {
        let prompts = build(&PromptSet::builtin(), &ContextLengths::Tokens(vec![50, 200]));
        assert_eq!(prompts.len(), 10);
        assert_eq!(prompts[9].context, Context::Tokens(200));
    }
}
