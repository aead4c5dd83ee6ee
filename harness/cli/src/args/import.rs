//! Arguments of `bench models import`.

use super::OutputArgs;
use clap::Args;
use slm_import::Embeddings;
use slm_models::{FileType, WeightType, can_encode};
use std::path::PathBuf;

/// Convert a model of the Hugging Face hub to GGUF
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Architectures: mpt (SlimLM), llama, mistral, qwen2, qwen3, gemma2, phi3. The file appears only after \
                  the engine has loaded it and splits several hundred texts into the same tokens as the model's own \
                  tokenizer. For other weight types import as f16 and quantize that."
)]
pub struct ImportArgs {
    /// Catalogue name or repository, pulled from the hub if need be; or a folder as the hub has it (config.json,
    /// weights, tokenizer.json)
    #[arg(value_name = "NAME|REPO[@REV]|DIR")]
    pub model: String,
    /// Weight type: `q4_0`, `q8_0`, `f16` or `f32`
    #[arg(long = "type", value_name = "TYPE", default_value_t = FileType::Q4_0, value_parser = parse_weights)]
    pub weights: FileType,
    /// Weight type of the embeddings; auto: `q8_0` for the matrix that gives the logits where the others have 4 bits
    /// [default: as --type]
    #[arg(long, value_name = "TYPE|auto", value_parser = parse_embeddings)]
    pub embd: Option<Embeddings>,
    /// Where the tokenizer is, if the model has none of its own
    #[arg(long, value_name = "REPO[@REV]|DIR")]
    pub tokenizer: Option<String>,
    /// File to write [default: the model cache, where sweeps find it]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Form of the data on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Types that the conversion writes.
const WRITTEN: &str = "q4_0, q8_0, f16 or f32";

fn parse_weights(text: &str) -> Result<FileType, String> {
    let kind: Option<FileType> = text.parse().ok();
    kind.filter(|kind| can_encode(kind.base().ggml()))
        .ok_or_else(|| format!("give {WRITTEN}; for others import as f16 and quantize that"))
}

fn parse_embeddings(text: &str) -> Result<Embeddings, String> {
    if text == "auto" {
        return Ok(Embeddings::Auto);
    }
    let weight_type: Option<WeightType> = text.parse().ok();
    weight_type
        .filter(|weight_type| can_encode(weight_type.ggml()))
        .map(Embeddings::Type)
        .ok_or_else(|| format!("give {WRITTEN}, or auto"))
}
