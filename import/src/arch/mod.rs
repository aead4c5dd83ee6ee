//! From `config.json` to what the file says of the model: which architectures are
//! taken, and only in the variants that were compared with torch.

mod config;
mod design;
mod gemma2;
mod llama;
mod mpt;
mod names;
mod phi3;
mod rope;

use serde_json::Value;

use crate::error::{Result, advise};
pub(crate) use config::Config;
pub(crate) use design::{Design, Fact};
pub(crate) use names::{Change, source_of};

/// `model_type` of the configurations that are taken.
const SUPPORTED: &str = "mpt, llama, mistral, qwen2, qwen3, gemma2, phi3";

/// Reads a configuration. `has_head`: the checkpoint has an output matrix of its own.
pub(crate) fn design(json: &Value, has_head: bool) -> Result<Design> {
    let config = Config(json);
    if !json["quantization_config"].is_null() {
        return advise("config.json: the checkpoint is quantized already; import the original one");
    }
    match config.text("model_type") {
        Some("mpt") => mpt::design(&config),
        Some(model_type @ ("llama" | "mistral" | "qwen2" | "qwen3")) => {
            llama::design(&config, model_type, has_head)
        }
        Some("gemma2") => gemma2::design(&config),
        Some("phi3") => phi3::design(&config, has_head),
        Some(other) => {
            advise(format!("config.json: model_type {other:?} is not supported; supported: {SUPPORTED}"))
        }
        None => advise(format!("config.json: model_type is missing; supported: {SUPPORTED}")),
    }
}

#[cfg(test)]
mod tests;
