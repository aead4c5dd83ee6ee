//! Arguments of `bench prompts`.

use super::{OutputArgs, choices::WeightsArg, lists};
use clap::{Args, Subcommand};
use slm_models::FileType;
use slm_plan::request::ContextLengths;
use std::path::PathBuf;

/// `bench prompts`
#[derive(Debug, Subcommand)]
pub enum PromptsCommand {
    /// Print what a model reads for each prompt: text, token ids, special tokens marked; nothing is measured
    Show(PromptsArgs),
}

/// Print what a model reads for each prompt
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Asked of this machine's agent; a phone's reads the same. Special tokens stand in ⟦brackets⟧, their ids with *. \
                  docs/prompts.md has what is checked."
)]
pub struct PromptsArgs {
    /// Catalogue name, GGUF file, `hf:REPO[@REV][:FILE]` or `shape:arch=…,layers=…`
    pub model: String,
    /// Chunks of context, 0 to 5
    #[arg(long, value_name = "LIST", default_value = "0", value_parser = parse_chunks, conflicts_with = "prompt_tokens")]
    pub chunks: ContextLengths,
    /// Prompts of exactly these numbers of tokens, instead of --chunks
    #[arg(long, value_name = "LIST", value_parser = parse_tokens)]
    pub prompt_tokens: Option<ContextLengths>,
    /// `docassist`, or a folder with questions.txt, requests.txt and documents/ [default: the study's own]
    #[arg(long, value_name = "NAME|DIR")]
    pub prompts: Option<PathBuf>,
    /// Only these prompts, such as `q2` or `r1-k2`, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub prompt: Vec<String>,
    /// Weights of a catalogue model: they decide which file's tokenizer and template are shown
    #[arg(long, value_enum, default_value_t = WeightsArg::Auto)]
    pub weights: WeightsArg,
    /// Quantization of a model that is made or imported for this [default: `q4_0`]
    #[arg(long, value_name = "TYPE")]
    pub quant: Option<FileType>,
    /// Output tokens at most, for which room is left in the context
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=16384))]
    pub max_new_tokens: u32,
    /// Do not render prompts through the model's chat template
    #[arg(long)]
    pub no_chat_template: bool,
    /// File with a chat template (Jinja) that takes the place of the model's own
    #[arg(long, value_name = "FILE", conflicts_with = "no_chat_template")]
    pub chat_template: Option<PathBuf>,
    /// Message of the system before each prompt, through the chat template
    #[arg(long, value_name = "TEXT", conflicts_with = "no_chat_template")]
    pub system: Option<String>,
    /// Form of the data on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn parse_chunks(text: &str) -> Result<ContextLengths, String> {
    lists::parse_chunks(text).map(ContextLengths::Chunks)
}

fn parse_tokens(text: &str) -> Result<ContextLengths, String> {
    lists::parse_prompt_tokens(text).map(ContextLengths::Tokens)
}
