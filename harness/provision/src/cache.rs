//! Synthetic model files are made once and kept, since the same shape, types and
//! seed give the same bytes.

use crate::work::{Event, Tell};
use slm_models::{MakeError, MakeOptions, Shape, cache_file_name, make};
use slm_plan::{CompiledSource, ModelSource, PlannedModel};
use slm_protocol::Failure;
use std::{
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How long another process may take to make a file that is wanted here.
const MAKING_PATIENCE: Duration = Duration::from_mins(10);

/// Why a model's file cannot be made or brought to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageError {
    /// For the rows of its trials.
    pub failure: Failure,
    /// Evidence.
    pub message: String,
}

/// Where made models are kept: `SLM_BENCH_CACHE`, or `slm-bench` in the user's
/// cache folder.
pub fn cache_folder() -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("SLM_BENCH_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("slm-bench")))
        .or_else(|| Some(set("HOME")?.join(".cache/slm-bench")))
        .unwrap_or_else(|| env::temp_dir().join("slm-bench"))
}

/// The file of a model: the user's own, or its place in the cache. `None` for the null
/// engine, which has none, and for a model that must be provided first.
pub fn file_of(model: &PlannedModel) -> Option<PathBuf> {
    match &model.source {
        ModelSource::Nothing | ModelSource::Pending { .. } => None,
        ModelSource::File { path, .. } | ModelSource::Compiled(CompiledSource { path, .. }) => {
            Some(path.into())
        }
        ModelSource::Shape { shape, types, seed } => {
            let options = MakeOptions { types: *types, seed: *seed };
            Some(cache_folder().join(cache_file_name(&model.name, shape, &options)))
        }
    }
}

/// Whether nothing is left to be made.
pub fn is_present(model: &PlannedModel) -> bool {
    let is_pending = matches!(model.source, ModelSource::Pending { .. });
    !is_pending && file_of(model).is_none_or(|file| file.exists())
}

/// The model's file, made now if it is a shape whose file is not there yet.
///
/// # Errors
/// The cause and the evidence, for the rows of the model's trials.
pub fn ensure(model: &PlannedModel, tell: Tell<'_>) -> Result<Option<PathBuf>, StageError> {
    let Some(file) = file_of(model) else { return Ok(None) };
    if let ModelSource::Shape { shape, types, seed } = &model.source
        && !file.is_file()
    {
        tell(Event::Making { model: &model.name, bytes: model.file_bytes });
        make_in(&file, shape, MakeOptions { types: *types, seed: *seed })?;
    }
    Ok(Some(file))
}

fn make_in(file: &Path, shape: &Shape, options: MakeOptions) -> Result<(), StageError> {
    let failed = |failure, message| StageError { failure, message };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| {
            failed(Failure::LoadFailed, format!("cannot make {}: {error}", folder.display()))
        })?;
    }
    let deadline = Instant::now() + MAKING_PATIENCE;
    loop {
        let error = match make(shape, &options, file, &mut |_, _| {}) {
            Ok(_) => return Ok(()),
            // Another bench is making this very file: its bytes will be the same.
            Err(MakeError::Busy { .. }) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(200));
                if file.is_file() {
                    return Ok(());
                }
                continue;
            }
            Err(error) => error,
        };
        let failure = match &error {
            MakeError::DiskFull { .. } => Failure::DiskFull,
            MakeError::Unsupported { .. } => Failure::Unsupported,
            _ => Failure::LoadFailed,
        };
        return Err(failed(failure, error.to_string()));
    }
}
