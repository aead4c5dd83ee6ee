//! Quantizing model files. The engine does it in an agent's process, which may be
//! killed or end itself; here it is decided what may be written where, and the result
//! is checked before it gets its name.

mod cached;
mod child;
mod make;
mod output_path;
mod plan;
mod provenance;
mod recipe;

pub use cached::{cached_path, quantized};
pub use make::{Quantized, check_output, coarse_tensor, plan, quantize, source_sha256};
pub use plan::{Fallback, QuantPlan};
pub use recipe::Recipe;
