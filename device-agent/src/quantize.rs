//! `slm-agent quantize` and `slm-agent check`: work that may end the process, done in
//! one that its host can lose.

use crate::{
    args::QuantizeArgs,
    engine::{self, LoadError, NO_STEPS, Running, Setup},
};
use slm_models::{Header, read_header};
use slm_protocol::{EngineKind, Failure, FlashAttention, LoadMode, QuantizeEvent, QuantizeLine};
use std::{
    io::{self, Write},
    path::Path,
};

/// Tokens of the context in which a file is tried.
const TRIAL_CONTEXT: u32 = 32;

/// Quantizes a file, or says what would become of it.
pub(crate) fn quantize(order: &QuantizeArgs) -> Result<(), LoadError> {
    let header = read_header(&order.input).map_err(|error| refuse(error.to_string()))?;
    readable(&header).map_err(|problem| refuse(format!("{}: {problem}", order.input.display())))?;
    emit(QuantizeEvent::Started { engine: engine::quantizer() });
    engine::quantize(order, &mut emit)
}

/// Loads a file and evaluates a token on it.
pub(crate) fn check(file: &Path) -> Result<(), LoadError> {
    let model = engine::load(EngineKind::Llama, file, LoadMode::Mmap, true)?;
    let setup =
        Setup { threads: 1, flash_attention: FlashAttention::Auto, n_ctx: TRIAL_CONTEXT, n_ubatch: None };
    let mut opened = model.open(&setup)?;
    let (Some(vocabulary), Running::Steps(session)) = (model.vocabulary(), &mut opened.running) else {
        return Err(refuse(NO_STEPS.to_owned()));
    };
    let mut tokens = vocabulary.tokenize("a", true, false);
    tokens.truncate(1);
    if tokens.is_empty() {
        tokens.push(0);
    }
    session.prefill(&tokens).map_err(|error| refuse(error.to_string()))?;
    let sampled = session.sample().map_err(|error| refuse(error.to_string()))?;
    if !sampled.finite {
        return Err(refuse(format!("{}: the model's logits are not finite", file.display())));
    }
    emit(QuantizeEvent::Loaded { description: model.facts().description.clone() });
    Ok(())
}

fn refuse(message: String) -> LoadError {
    LoadError { failure: Failure::LoadFailed, message }
}

/// What the engine's log is read for must not be mistaken in it.
fn readable(header: &Header) -> Result<(), String> {
    let odd = |name: &str| !name.bytes().all(|byte| byte.is_ascii_graphic());
    match header.tensors.iter().find(|tensor| odd(&tensor.name)) {
        Some(tensor) => Err(format!("tensor {:?} has a name with odd characters", tensor.name)),
        None => Ok(()),
    }
}

/// One line on stdout. A host that went away ends this process by itself.
fn emit(event: QuantizeEvent) {
    if let Ok(line) = serde_json::to_string(&QuantizeLine::new(event)) {
        let mut stdout = io::stdout().lock();
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    }
}
