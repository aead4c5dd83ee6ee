//! From the models as typed to files: catalogue names, shapes and the user's own.

use crate::{
    cli::SweepArgs,
    error::Result,
    plan::{ModelSource, PlannedModel},
};
use slm_protocol::{EngineKind, Failure};
use std::path::PathBuf;

/// Why a model's file cannot be made or brought to a device.
#[derive(Clone, Debug)]
pub struct PlaceError {
    /// For the trials' rows.
    pub failure: Failure,
    /// Evidence.
    pub message: String,
}

/// Resolves all.
pub fn resolve_all(_args: &SweepArgs, _backend: EngineKind) -> Result<Vec<PlannedModel>> {
    Ok(vec![])
}
/// present
pub fn is_present(model: &PlannedModel) -> bool {
    matches!(model.source, ModelSource::Nothing)
}
/// ensure
pub fn ensure(_model: &PlannedModel) -> std::result::Result<Option<PathBuf>, PlaceError> {
    Ok(None)
}
/// x
pub fn cache_folder() -> PathBuf {
    PathBuf::new()
}
