//! Reads a job and refuses what it cannot mean, before anything is loaded.

use slm_protocol::{DecodeError, Job, decode_job};
use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read},
    path::Path,
};
use thiserror::Error;

/// Largest job that is read. Five documents and hundreds of trials take 1 MiB.
const MAX_BYTES: u64 = 64 << 20;
/// More threads than llama.cpp takes; also a plain mistake.
const MAX_THREADS: u32 = 512;

/// Why a job is refused.
#[derive(Debug, Error)]
pub(crate) enum JobError {
    #[error("{path}: {error}")]
    Read { path: String, error: io::Error },
    #[error("the job is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the job: {0}")]
    Decode(#[from] DecodeError),
    #[error("the job: {0}")]
    Invalid(String),
}

/// Reads from a file, or from stdin where `path` is `None`.
pub(crate) fn read(path: Option<&Path>) -> Result<Job, JobError> {
    let mut text = String::new();
    let result = match path {
        Some(path) => File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text)),
        None => io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text),
    };
    result.map_err(|error| JobError::Read {
        path: path.map_or_else(|| "stdin".to_owned(), |path| path.display().to_string()),
        error,
    })?;
    if text.len() as u64 > MAX_BYTES {
        return Err(JobError::TooLong);
    }
    let job = decode_job(&text)?;
    check(&job).map_err(JobError::Invalid)?;
    Ok(job)
}

fn check(job: &Job) -> Result<(), String> {
    let options = &job.options;
    if options.threads.is_some_and(|threads| !(1..=MAX_THREADS).contains(&threads)) {
        return Err(format!("options.threads must be 1 to {MAX_THREADS}"));
    }
    if options.threads.is_some() && options.calibrate_threads {
        return Err("options.threads and options.calibrate_threads exclude each other".to_owned());
    }
    if job.cool_down.is_some_and(|gate| gate.to_c.is_some_and(|to_c| !to_c.is_finite())) {
        return Err("cool_down.to_c must be a temperature".to_owned());
    }
    if options.n_ctx == Some(0) {
        return Err("options.n_ctx must be at least 1".to_owned());
    }
    if options.n_ubatch == Some(0) {
        return Err("options.n_ubatch must be at least 1".to_owned());
    }
    if job.generation.max_new_tokens == 0 {
        return Err("generation.max_new_tokens must be at least 1".to_owned());
    }
    let mut ids = HashSet::new();
    if let Some(prompt) = job.prompts.iter().find(|prompt| !ids.insert(&prompt.id)) {
        return Err(format!("two prompts have the id '{}'", prompt.id));
    }
    if let Some(trial) = job.trials.iter().find(|trial| trial.prompt >= job.prompts.len()) {
        return Err(format!(
            "trial '{}' asks for prompt {}, but there are {}",
            trial.trial_id,
            trial.prompt,
            job.prompts.len()
        ));
    }
    Ok(())
}
