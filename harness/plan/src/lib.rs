//! What a sweep will do, decided in full before anything is measured: models,
//! prompts, options and every trial in its order. The plan is kept in the
//! manifest, so that a resumed sweep does exactly what was left.
//!
//! Planning has no effects: nothing here writes, downloads or starts a process.

pub mod ab;
mod build;
mod compute;
mod device;
pub mod error;
mod estimate;
mod input;
pub mod interrupt;
mod model;
mod name;
mod order;
mod plan;
pub mod prompts;
pub mod request;
pub mod text;
pub mod variable;

/// SHA-256 of bytes and files, as lower-case hex.
pub use slm_models::digest;
/// Text files, however they are written.
pub use slm_models::plain_text;

pub use build::check_engines;
pub use compute::Compute;
pub use device::{Capabilities, DeviceFacts};
pub use estimate::{Estimate, trial_cost};
pub use input::{Conditions, Design, PlanInput, PlannedTrial};
pub use model::{
    CompiledFile, CompiledSource, FilePart, ModelSource, PlannedModel, Variant, Weights, model_sha256,
};
pub use name::model_name;
pub use plan::{Cell, Plan};
