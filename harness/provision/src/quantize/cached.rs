//! Quantized files of real models, made once and kept by what decides their bytes.

use super::{
    make::{plan, quantize},
    plan::QuantPlan,
    recipe::Recipe,
};
use crate::{
    cache_folder,
    work::{Event, Work},
};
use slm_models::TensorType;
use slm_plan::{digest::sha256_hex, error::Result};
use std::path::{Path, PathBuf};

/// The quantized form of a file: from the cache, or made now. `source_sha256` is the
/// hash of the source. `None`: interrupted, and nothing is left.
///
/// # Errors
/// As for [`quantize`].
pub fn quantized(
    source: &Path,
    source_sha256: &str,
    recipe: &Recipe,
    work: Work<'_>,
) -> Result<Option<PathBuf>> {
    let Some(plan) = plan(source, recipe, work.interrupt)? else { return Ok(None) };
    let file = cached_path(source, source_sha256, recipe, &plan);
    if file.is_file() {
        return Ok(Some(file));
    }
    if let Some(fallbacks) = plan.fallbacks_in_words() {
        work.tell(Event::Fallbacks(fallbacks));
    }
    Ok(quantize(source, source_sha256, &file, recipe, plan, work)?.map(|made| made.path))
}

/// Where the quantized form of a file is kept. The engine's version decides its bytes,
/// too; the plan tells it.
pub fn cached_path(source: &Path, source_sha256: &str, recipe: &Recipe, plan: &QuantPlan) -> PathBuf {
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
    // For people; the hash tells them apart.
    let quant = recipe.quant.to_string();
    let mut types = quant.clone();
    for (what, asked) in [("embd", recipe.embd), ("out", recipe.head)] {
        if let Some(other) = asked.map(|asked| asked.to_string()).filter(|other| *other != quant) {
            types = format!("{types}-{what}-{other}");
        }
    }
    cache_folder().join("quantized").join(format!("{stem}-{types}-{hash}.gguf"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashSet};

    #[test]
    fn every_recipe_has_its_own_file() {
        let plan = QuantPlan {
            engine: "1".into(),
            types: BTreeMap::new(),
            fallbacks: Vec::new(),
            bytes: 0,
            bits_per_weight: 0.0,
        };
        let cached = |quant: &str, embd: Option<&str>, head: Option<&str>| {
            let recipe = Recipe {
                quant: quant.parse().unwrap(),
                embd: embd.map(|name| name.parse().unwrap()),
                head: head.map(|name| name.parse().unwrap()),
            };
            let path = cached_path(Path::new("m.gguf"), "00", &recipe, &plan);
            path.file_name().unwrap().to_str().unwrap().to_owned()
        };
        let names = [
            ("m-q4_k_m-", cached("q4_k_m", None, None)),
            ("m-q4_k_m-embd-q4_0-", cached("q4_k_m", Some("q4_0"), None)),
            ("m-q4_k_m-embd-q8_0-", cached("q4_k_m", Some("q8_0"), None)),
            ("m-q4_k_m-out-q8_0-", cached("q4_k_m", None, Some("q8_0"))),
            ("m-q5_0-", cached("q5_0", Some("q5_0"), Some("q5_0"))),
            ("m-q5_0-embd-q8_0-", cached("q5_0", Some("q8_0"), Some("q5_0"))),
            ("m-q5_0-", cached("q5_0", None, None)),
        ];
        let distinct: HashSet<&String> = names.iter().map(|(_, name)| name).collect();
        assert_eq!(distinct.len(), names.len());
        for (start, name) in &names {
            assert_eq!(name.len(), start.len() + 16 + ".gguf".len(), "{name}");
            assert!(name.starts_with(start), "{name}");
        }
    }
}
