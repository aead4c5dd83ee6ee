//! `slm-agent check`: loads a file and evaluates a token on it. A damaged file may end the
//! engine's process, so this one is the host's to lose.

use super::report::emit;
use crate::engine::{self, Decoding, LoadError, Setup};
use slm_protocol::{FlashAttention, QuantizeEvent};
use std::path::Path;

/// Context of the check, tokens.
const CONTEXT: u32 = 32;

/// Checks a file.
pub(crate) fn run(file: &Path) -> Result<(), LoadError> {
    let model = engine::load_gguf(file)?;
    let setup = Setup { threads: 1, flash_attention: FlashAttention::Auto, n_ctx: CONTEXT, n_ubatch: None };
    let mut opened = model.open(&setup)?;
    let (Some(vocabulary), Decoding::Stepwise(session)) = (model.vocabulary(), &mut opened.decoding) else {
        return Err(LoadError::failed(Decoding::NO_TOKENS));
    };
    let mut tokens = vocabulary.tokenize("a", true, false);
    tokens.truncate(1);
    if tokens.is_empty() {
        tokens.push(0);
    }
    session.prefill(&tokens).map_err(|error| LoadError::failed(error.to_string()))?;
    let sampled = session.sample().map_err(|error| LoadError::failed(error.to_string()))?;
    if !sampled.finite {
        return Err(LoadError::failed(format!("{}: the model's logits are not finite", file.display())));
    }
    emit(QuantizeEvent::Loaded { description: model.facts().description.clone() });
    Ok(())
}
