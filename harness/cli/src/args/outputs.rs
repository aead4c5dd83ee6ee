//! Arguments of `bench outputs`.

use super::{OutputArgs, lists};
use clap::Args;
use std::path::PathBuf;

/// Print what the models wrote, each answer beside its prompt
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The first output of each prompt's measured trials. Models with random weights write random text: they are \
                  left out, unless --model names them. docs/prompts.md has more."
)]
pub struct OutputsArgs {
    /// Folder that `bench sweep` wrote
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Only models with these names, or with these words in them, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub model: Vec<String>,
    /// Only these prompts, such as `q2` or `r1-k2`, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub prompt: Vec<String>,
    /// Only prompts with these numbers of chunks
    #[arg(long, value_name = "LIST", value_parser = parse_chunks)]
    pub chunks: Option<Chunks>,
    /// Form of the data on stdout; json has prompts and answers in full
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Numbers of chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunks(pub Vec<u8>);

fn parse_chunks(text: &str) -> Result<Chunks, String> {
    lists::parse_chunks(text).map(Chunks)
}
