//! From the models as typed to model files: catalogue names, shapes, the user's own
//! files and the hub's checkpoints.

mod cache;
mod checkpoint;
mod compiled;
mod hashes;
mod imported;
mod resolve;
mod weights;

pub use cache::{PlaceError, cache_folder, ensure, file_of, is_present};
pub use checkpoint::{Checkpoint, HubModel, hub};
pub use compiled::{Machine, runs_compiled};
pub use imported::{import, imported_file, imported_name};
pub use resolve::{Named, hash_file, named, quant_of, resolve_all, types_of};
