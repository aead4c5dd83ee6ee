//! The commands.

use super::{
    AbArgs, AgentCommand, CompareArgs, DevicesArgs, ExportArgs, HistoryArgs, ImportArgs, MlcArgs, OutputArgs,
    OutputsArgs, PromptsCommand, PullArgs, QuantizeArgs, ReportArgs, SweepArgs, SweetSpotArgs, lists,
};
use clap::{Parser, Subcommand, ValueEnum};
use slm_models::FileType;
use slm_plan::request::EmbeddingTypes;
use std::path::PathBuf;

/// How fast, how heavy and how good is a small language model on this phone?
#[derive(Debug, Parser)]
#[command(name = "bench", version, max_term_width = 100, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 all well; 1 done, but some cells failed or regressed; 2 wrong usage or input, nothing \
                        measured; 3 no device, or it was lost for good; 4 internal error; 130 interrupted."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure models at several context lengths on a device
    Sweep(Box<SweepArgs>),
    /// Compare two settings in one session, run by run, until the difference is known
    Ab(Box<AbArgs>),
    /// Turn results into a report: Markdown, one HTML file, plots
    Report(ReportArgs),
    /// Print what the models wrote, each answer beside its prompt
    Outputs(OutputsArgs),
    /// Write the tables of results as Parquet files
    Export(ExportArgs),
    /// Set two results beside each other
    Compare(Box<CompareArgs>),
    /// Show every figure over many sweeps, with its steps and drifts
    History(HistoryArgs),
    /// Find the largest model and the longest context within a budget
    SweetSpot(Box<SweetSpotArgs>),
    /// List, inspect and make models
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Show what prompts become
    #[command(subcommand)]
    Prompts(PromptsCommand),
    /// Build and list the agents for phones
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Show what can be measured on
    Devices(DevicesArgs),
    /// Check what this machine has and lacks
    Doctor(OutputArgs),
}

/// `bench models`
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List the catalogue
    List(OutputArgs),
    /// Show one model: a catalogue name, `shape:…` or a GGUF file
    Show {
        /// Catalogue name, `shape:arch=…,layers=…` or path of a GGUF file
        model: String,
        /// Form of the data on stdout.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Write a shape-exact model with random weights
    Make {
        /// Catalogue name or `shape:arch=…,layers=…`
        model: String,
        /// A GGUF file for llama.cpp, or a folder with a model library for TVM
        #[arg(long, value_enum, default_value_t = MakeFormat::Gguf)]
        format: MakeFormat,
        /// How --format mlc compiles.
        #[command(flatten)]
        mlc: MlcArgs,
        /// Quantization: `f16`, `q8_0`, `q6_k`, `q5_k_m`, `q4_k_m`, `q4_0`, `q3_k_m`…
        #[arg(long, value_name = "TYPE", default_value_t = FileType::Q4_0)]
        quant: FileType,
        /// Weight type of the embeddings; `auto`: what llama.cpp's quantizer gives them
        /// [default: as --quant, `auto` for the K types]
        #[arg(long, value_name = "TYPE|auto", value_parser = lists::parse_embeddings)]
        embd: Option<EmbeddingTypes>,
        /// Seed of the weights
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// File or folder to write [default: the model cache; mlc: dist/NAME-q4f16_1-MLC]
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Form of the data on stdout.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Download a model from the Hugging Face hub, or find it in its cache
    Pull(PullArgs),
    /// Write a model file with its weights in fewer bits
    Quantize(QuantizeArgs),
    /// Convert a model of the Hugging Face hub to GGUF
    Import(ImportArgs),
}

/// What `bench models make` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MakeFormat {
    /// A GGUF file
    Gguf,
    /// A folder like MLC-LLM's
    Mlc,
}
