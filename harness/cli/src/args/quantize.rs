//! Arguments of `bench models quantize`.

use super::OutputArgs;
use clap::Args;
use slm_models::{QuantType, TensorType};
use std::path::PathBuf;

/// Write a model file with its weights in fewer bits
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The engine decides which tensors get more bits than the rest, and takes another type where rows \
                  are no whole blocks; what each one got is in FILE.json beside the file."
)]
pub struct QuantizeArgs {
    /// GGUF file in f16, bf16 or f32
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// File to write [default: the model cache, where it is found again]
    #[arg(value_name = "OUT")]
    pub out: Option<PathBuf>,
    /// Any type of llama.cpp: `q4_0`, `q4_k_m`, `q8_0`…
    #[arg(long = "type", value_name = "TYPE")]
    pub quant: QuantType,
    /// Tensor type of the embeddings, such as `q4_0` [default: the engine decides; it keeps an
    /// embedding that is the output too at 6 or 8 bits]
    #[arg(long, value_name = "TYPE")]
    pub embd: Option<TensorType>,
    /// Say what would become of the tensors and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Refuse where a tensor would get another type than meant for it
    #[arg(long)]
    pub strict: bool,
    /// Form of the data on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}
