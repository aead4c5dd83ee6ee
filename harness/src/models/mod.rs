//! From the models as typed to model files: catalogue names, shapes and the
//! user's own files.

mod cache;
mod imported;
mod resolve;

pub use cache::{PlaceError, cache_folder, ensure, file_of, is_present};
pub use imported::{import, imported_entry, imported_file};
pub use resolve::{Named, hash_file, named, quant_of, resolve_all};
