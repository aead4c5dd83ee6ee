//! Loading made models with llama.cpp, for the tests beside this folder.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::OnceLock;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;

/// llama.cpp, initialised once per process.
pub(crate) fn engine() -> &'static LlamaBackend {
    static ENGINE: OnceLock<LlamaBackend> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut engine = LlamaBackend::init().unwrap();
        engine.void_logs();
        engine
    })
}

pub(crate) fn load(path: &Path) -> LlamaModel {
    LlamaModel::load_from_file(engine(), path, &LlamaModelParams::default()).unwrap()
}

/// Logits after the prompt, evaluated in one batch, and after each of the tokens
/// that follow it, evaluated one by one.
pub(crate) fn logits(
    model: &LlamaModel,
    parameters: LlamaContextParams,
    prompt: &[u32],
    following: &[u32],
) -> Vec<Vec<f32>> {
    let parameters = parameters.with_n_ctx(NonZeroU32::new(128)).with_n_threads(2).with_n_threads_batch(2);
    let mut context = model.new_context(engine(), parameters).unwrap();
    let token = |id: &u32| LlamaToken(i32::try_from(*id).unwrap());
    let mut position = 0;
    let mut all = Vec::new();
    let following = following.iter().map(std::slice::from_ref);
    for tokens in std::iter::once(prompt).chain(following) {
        let mut batch = LlamaBatch::new(tokens.len(), 1);
        for (index, id) in tokens.iter().enumerate() {
            batch.add(token(id), position, &[0], index + 1 == tokens.len()).unwrap();
            position += 1;
        }
        context.decode(&mut batch).unwrap();
        all.push(context.get_logits_ith(batch.n_tokens() - 1).to_vec());
    }
    all
}

/// Id of the largest logit.
pub(crate) fn most_likely(logits: &[f32]) -> u32 {
    let best = (0..).zip(logits).max_by(|left, right| left.1.total_cmp(right.1));
    best.map_or(0, |(id, _)| id)
}
