//! The file beside a result that says what it was made from, how, and what is in it.

use super::{plan::QuantPlan, recipe::Recipe};
use serde_json::{Value, json};
use slm_plan::error::{Error, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Version of that file's form.
const FORMAT: &str = "1.0";

pub(super) struct Provenance(Value);

impl Provenance {
    pub(super) fn of(
        source: &Path,
        source_sha256: &str,
        recipe: &Recipe,
        plan: &QuantPlan,
        sha256: &str,
        bytes: u64,
    ) -> Self {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        let types: serde_json::Map<String, Value> = plan
            .counts()
            .into_iter()
            .map(|(ggml_type, count)| (ggml_type.name().into(), json!(count)))
            .collect();
        let tensors: serde_json::Map<String, Value> =
            plan.types.iter().map(|(name, ggml_type)| (name.clone(), json!(ggml_type.name()))).collect();
        let fallbacks: Vec<Value> = plan
            .fallbacks
            .iter()
            .map(|f| json!({"tensor": f.tensor, "wanted": f.wanted, "used": f.used}))
            .collect();
        Self(json!({
            "format": FORMAT,
            "made_by": format!("bench models quantize {}", env!("CARGO_PKG_VERSION")),
            "engine": plan.engine,
            "source": {"file": name, "sha256": source_sha256},
            "type": recipe.quant.name(),
            "embd": recipe.embd.map(|embd| embd.to_string()),
            "head": recipe.head.map(|head| head.to_string()),
            "bytes": bytes,
            "sha256": sha256,
            "bits_per_weight": plan.bits_per_weight,
            "types": types,
            "fallbacks": fallbacks,
            "tensors": tensors,
        }))
    }

    /// Writes `FILE.json` beside the file, whole or not at all.
    pub(super) fn write(&self, file: &Path) -> Result<PathBuf> {
        let beside = |ending: &str| {
            let mut name = file.file_name().unwrap_or_default().to_owned();
            name.push(ending);
            file.with_file_name(name)
        };
        let (path, temporary) = (beside(".json"), beside(".json.part"));
        let text =
            serde_json::to_string_pretty(&self.0).map_err(|error| Error::Internal(error.to_string()))?;
        let written = fs::write(&temporary, text + "\n").and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|error| Error::unwritable(&path, &error))?;
        Ok(path)
    }
}
