//! Arguments of `bench models pull`.

use super::OutputArgs;
use clap::Args;
use slm_provision::hub::Address;

/// Download a model from the Hugging Face hub, or find it in its cache
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The path of the file (or folder) is printed on stdout. The token is read from HF_TOKEN, \
                        HF_TOKEN_PATH or its file in HF_HOME; the cache is that of Python's huggingface_hub. \
                        A sweep takes the same as --models hf:REPO[@REV][:FILE]."
)]
pub struct PullArgs {
    /// Repository, perhaps a branch, tag or commit, perhaps a file: the only GGUF file is
    /// taken where none is named; without any, what an import needs
    #[arg(value_name = "REPO[@REV][:FILE]")]
    pub address: Address,
    /// The hub to ask [default: `HF_ENDPOINT`, else huggingface.co]
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Only look into the cache (`HF_HUB_OFFLINE=1` says the same)
    #[arg(long)]
    pub offline: bool,
    /// Form of the data on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}
