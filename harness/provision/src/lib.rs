//! From the name of a model to a file on this machine.
//!
//! [`resolve()`] says what a name stands for and is pure: it reads files and nothing else.
//! [`Resolution::provide`] has the effects: it downloads from the Hugging Face hub, converts
//! checkpoints, quantizes. [`ensure`] makes synthetic models.

mod ask_agent;
mod cache;
mod called;
mod checkpoint;
mod compiled;
pub mod elf;
mod hashes;
pub mod hub;
mod imported;
mod known;
pub mod local_agent;
mod named;
mod prompts;
mod provide;
pub mod quantize;
mod quantize_step;
mod resolve;
mod same_shape;
mod weights;
mod work;

pub use cache::{StageError, cache_folder, ensure, file_of, is_present};
pub use checkpoint::{Checkpoint, HubModel, open_hub};
pub use compiled::Machine;
pub use imported::{import, imported_file, imported_name};
pub(crate) use imported::{imported_types, is_imported};
pub use known::{quant_of, types_of};
pub use named::{HubFile, Named, imported_model, named, pull_named};
pub use prompts::shown_prompts;
pub use quantize_step::QuantizeStep;
pub use resolve::{Resolution, resolve};
pub use work::{Event, Tell, Work};
