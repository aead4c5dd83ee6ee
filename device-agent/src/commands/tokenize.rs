//! `slm-agent tokenize MODEL`: loads a model, tokenizes texts, decodes a few tokens. A
//! converted file is checked with it before it is used.

use crate::engine::{self, Decoding, LoadError, Session, Setup, StepError};
use slm_protocol::{FlashAttention, TokenizeReport, TokenizeRequest};
use std::{
    io::{self, Read},
    path::Path,
};
use thiserror::Error;

/// Largest request that is read, bytes.
const MAX_REQUEST: u64 = 16 << 20;
/// Tokens of the prompt, and tokens decoded after it.
const PROMPT: usize = 24;
const DECODED: u32 = 8;
/// Context for both.
const CONTEXT: u32 = 256;

/// Why it could not be done.
#[derive(Debug, Error)]
pub(crate) enum TokenizeError {
    #[error("{0}")]
    Request(String),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the model does not run: {0}")]
    Run(#[from] StepError),
}

/// Reads the request.
pub(crate) fn read(input: impl Read) -> Result<TokenizeRequest, TokenizeError> {
    let mut text = String::new();
    let read = input.take(MAX_REQUEST + 1).read_to_string(&mut text);
    let read =
        read.map_err(|error: io::Error| TokenizeError::Request(format!("cannot read the request: {error}")))?;
    if read as u64 > MAX_REQUEST {
        return Err(TokenizeError::Request(format!("the request is larger than {MAX_REQUEST} bytes")));
    }
    serde_json::from_str(&text)
        .map_err(|error| TokenizeError::Request(format!("the request is not understood: {error}")))
}

/// Runs it.
pub(crate) fn run(path: &Path, request: &TokenizeRequest) -> Result<TokenizeReport, TokenizeError> {
    let model = engine::load_gguf(path)?;
    let no_tokens = || StepError::Unsupported(Decoding::NO_TOKENS.to_owned());
    let vocabulary = model.vocabulary().ok_or_else(no_tokens)?;
    let tokens = |text: &String| vocabulary.tokenize(text, false, true);
    let ids: Vec<Vec<i32>> = request.texts.iter().map(tokens).collect();
    // The first tokens of all texts make a prompt; without texts any token does.
    let mut prompt: Vec<i32> = ids.iter().flatten().copied().take(PROMPT).collect();
    if prompt.is_empty() {
        prompt.push(0);
    }
    let setup = Setup { threads: 1, flash_attention: FlashAttention::Auto, n_ctx: CONTEXT, n_ubatch: None };
    let mut opened = model.open(&setup)?;
    let Decoding::Stepwise(session) = &mut opened.decoding else { return Err(no_tokens().into()) };
    let (decoded, finite) = decode(session.as_mut(), &prompt)?;
    Ok(TokenizeReport { ids, decoded, finite })
}

/// Tokens decoded, and whether all logits were finite.
fn decode(session: &mut dyn Session, prompt: &[i32]) -> Result<(u32, bool), StepError> {
    session.prefill(prompt)?;
    let mut finite = true;
    for _ in 0..DECODED {
        let sampled = session.sample()?;
        finite &= sampled.finite;
        session.decode(sampled.token)?;
    }
    Ok((DECODED, finite & session.sample()?.finite))
}
