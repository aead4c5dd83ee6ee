//! The results folder: its manifest and its tables, derived from raw reports, written,
//! read and exported by one schema.

pub mod analysis;
pub mod condition;
pub mod export;
pub mod manifest;
pub mod read;
pub mod schema;
pub mod write;
