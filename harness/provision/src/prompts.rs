//! What prompts become for a model: asked of this machine's agent, since only the engine has the tokenizer.

use crate::{ask_agent::ask, ensure, work::Tell};
use slm_plan::{
    ModelSource, PlannedModel,
    error::{Error, Result},
    prompts::BuiltPrompt,
};
use slm_protocol::{EngineOptions, FlashAttention, Job, LoadMode, ModelFile, Prompt, PromptsReport, VERSION};
use std::ffi::OsStr;

/// The prompts as the model reads them. Its file is made if it is a shape whose file is not there yet.
///
/// # Errors
/// [`Error::Input`] that names the model and what is wrong.
pub fn shown_prompts(model: &PlannedModel, prompts: &[BuiltPrompt], tell: Tell<'_>) -> Result<PromptsReport> {
    if matches!(model.source, ModelSource::Compiled(_)) {
        let what = format!("{} is compiled: only the prompts of GGUF files can be shown", model.name);
        return Err(Error::input(what, "give the model's GGUF file or its name in the catalogue"));
    }
    let path = ensure(model, tell)
        .map_err(|error| Error::input(error.message, "free some space, or choose another model"))?;
    let path = path.map(|path| path.display().to_string()).unwrap_or_default();
    let job = Job {
        protocol: VERSION,
        engine: model.engine,
        model: ModelFile { name: model.name.clone(), path, compiled: None },
        options: EngineOptions {
            threads: None,
            flash_attention: FlashAttention::Auto,
            n_ctx: None,
            n_ubatch: None,
            load: LoadMode::Mmap,
            affinity: None,
            calibrate_threads: false,
            repack: false,
        },
        generation: model.generation.clone(),
        prompts: prompts.iter().map(|p| Prompt { id: p.id.clone(), content: p.content.clone() }).collect(),
        trials: Vec::new(),
        trial_timeout_ms: 0,
        load_timeout_ms: 0,
        gap_ms: 0,
        telemetry_ms: 0,
        cool_down: None,
    };
    ask(&[OsStr::new("prompts")], &job, &format!("{} cannot be loaded", model.name)).map_err(Error::Input)
}
