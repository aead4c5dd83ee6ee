//! Quantised files of real models, made once and kept by what decides their bytes.

use super::{Doing, QuantPlan, Recipe, plan, quantise};
use crate::{
    error::Result,
    interrupt::Interrupt,
    models::cache_folder,
    sha256_hex,
    show::{clean, note},
};
use slm_models::TensorType;
use std::path::{Path, PathBuf};

/// The quantised form of a file: from the cache, or made now. `source_sha256` is the
/// hash of the source. `None`: interrupted, and nothing is left.
///
/// # Errors
/// As for [`quantise`].
pub fn quantised(
    source: &Path,
    source_sha256: &str,
    recipe: &Recipe,
    watch: &mut dyn FnMut(Doing),
    interrupt: &Interrupt,
) -> Result<Option<PathBuf>> {
    let Some(plan) = plan(source, recipe, interrupt)? else { return Ok(None) };
    let file = kept_path(source, source_sha256, recipe, &plan);
    if file.is_file() {
        return Ok(Some(file));
    }
    if let Some(fallbacks) = plan.fallbacks_in_words() {
        note(&clean(&fallbacks));
    }
    Ok(quantise(source, &file, recipe, plan, watch, interrupt)?.map(|made| made.path))
}

/// Where the quantised form of a file is kept. The engine's version decides its bytes,
/// too; the plan tells it.
pub fn kept_path(source: &Path, source_sha256: &str, recipe: &Recipe, plan: &QuantPlan) -> PathBuf {
    let name = |asked: Option<TensorType>| asked.map_or_else(|| "auto".to_owned(), |asked| asked.to_string());
    let (embd, head) = (name(recipe.embd), name(recipe.head));
    let identity = format!("{source_sha256};{};{embd};{head};{}", recipe.quant, plan.engine);
    let hash = &sha256_hex(identity.as_bytes())[..16];
    let stem: String = source
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' })
        .take(60)
        .collect();
    cache_folder().join("quantised").join(format!("{stem}-{}-{hash}.gguf", recipe.quant))
}
