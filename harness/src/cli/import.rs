//! `bench models import` as typed.

use super::OutputArgs;
use clap::Args;
use slm_import::Embeddings;
use slm_models::WeightType;
use std::path::PathBuf;

/// Convert a model of the Hugging Face hub to GGUF
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Architectures: mpt (SlimLM), llama, mistral, qwen2, qwen3, gemma2, phi3. The file appears only after \
                  the engine has loaded it and splits several hundred texts into the same tokens as the model's own \
                  tokenizer. For other weight types import as f16 and quantise that."
)]
pub struct ImportArgs {
    /// Folder with config.json, weights and tokenizer.json, as the hub has it; or a catalogue name or repository
    #[arg(value_name = "REPO|DIR")]
    pub model: String,
    /// Weight type: `q4_0`, `q8_0`, `f16` or `f32`
    #[arg(long = "type", value_name = "TYPE", default_value_t = WeightType::Q4_0)]
    pub weights: WeightType,
    /// Weight type of embedding and output; auto: `q8_0` for the output where the rest has 4 bits [default: as --type]
    #[arg(long, value_name = "TYPE|auto", value_parser = parse_embeddings)]
    pub embd: Option<Embeddings>,
    /// Folder with the tokenizer, where the model's own has none
    #[arg(long, value_name = "DIR")]
    pub tokenizer: Option<PathBuf>,
    /// File to write [default: the model cache, where sweeps find it]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Form of the data on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn parse_embeddings(text: &str) -> Result<Embeddings, String> {
    match text {
        "auto" => Ok(Embeddings::Auto),
        _ => text.parse().map(Embeddings::Type).map_err(|_| "give q4_0, q8_0, f16, f32 or auto".to_owned()),
    }
}
