//! `slm-agent prompts`: what a job's prompts become, without a trial.

use crate::{
    engine::{self, LoadError, LoadRequest},
    prepare,
};
use slm_protocol::{Job, PromptsReport};

/// Loads the job's model and prepares its prompts.
pub(crate) fn run(job: &Job) -> Result<PromptsReport, LoadError> {
    // Nothing is computed: weights stay as they are in the file.
    let request = LoadRequest { model: &job.model, mode: job.options.load, repack: false };
    let model = engine::load(job.engine, &request)?;
    let prompts = prepare::prompts(job, model.as_ref());
    Ok(PromptsReport { prompts: prepare::show(&prompts, model.vocabulary()) })
}
