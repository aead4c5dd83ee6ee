//! What a sweep is asked for: every option resolved to a value that is valid by its type.
//! Nothing below the command line sees its arguments.

use slm_models::{FileType, Shape, WeightType, WeightTypes};
use slm_protocol::{CpuList, EngineKind, FlashAttention, Generation, LoadMode, StopRule};
use std::{path::PathBuf, time::Duration};

use crate::Weights;

/// What `bench sweep` is to measure, on whatever device.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRequest {
    /// Catalogue names, files, folders, `hf:…`, `shape:…`.
    pub models: Vec<String>,
    /// Weights of catalogue models.
    pub weights: WeightsChoice,
    /// Quantizations; `None`: `q4_0`, and files as they are.
    pub quants: Option<Vec<FileType>>,
    /// Types of the embeddings; `None`: as the quantization has them.
    pub embeddings: Option<EmbeddingTypes>,
    /// Engines, each once.
    pub engines: Vec<EngineKind>,
    /// Folder of TVM's libraries for the device.
    pub tvm_runtime: Option<PathBuf>,
    /// Context lengths.
    pub contexts: ContextLengths,
    /// A built-in prompt set's name or a folder; `None`: the study's own prompts.
    pub prompts: Option<PathBuf>,
    /// How output is generated.
    pub output: OutputRequest,
    /// Runs: fresh agent processes with a fresh load, each of which measures every prompt.
    pub runs: u32,
    /// Measured repetitions of every prompt within a run.
    pub repetitions: u32,
    /// Warm-ups of every context length.
    pub warmups: u32,
    /// Compute threads.
    pub threads: ThreadsChoice,
    /// CPUs to compute on; `None`: the fast clusters on phones, elsewhere all.
    pub affinity: Option<AffinityChoice>,
    /// Time between two readings of the sensors within a trial; zero: none within trials.
    pub telemetry_interval: Duration,
    /// Temperature to cool down to before each trial, degrees Celsius.
    pub cool_to_c: Option<f64>,
    /// Longest wait for a cooler device; zero: never wait.
    pub cool_timeout: Option<Duration>,
    /// Flash attention kernels.
    pub flash_attention: FlashAttention,
    /// Context allocated, tokens; `None`: what the longest prompt and its output need.
    pub n_ctx: Option<u32>,
    /// How weights get into memory.
    pub load: LoadMode,
    /// Repack weights for the CPU kernels, where the engine can.
    pub repack: bool,
    /// Time-out of a trial.
    pub timeout: Duration,
    /// Seed of the order of trials and of the intervals.
    pub seed: u64,
}

impl SweepRequest {
    /// Quantizations of models that can be had in any.
    pub fn quants_or_default(&self) -> Vec<FileType> {
        self.quants.clone().unwrap_or_else(|| vec![FileType::Q4_0])
    }
}

/// How output is generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputRequest {
    /// Output tokens at most.
    pub max_new_tokens: u32,
    /// What ends an output; `None`: by the kind of weights.
    pub stop: Option<StopRule>,
    /// Render prompts through the model's chat template.
    pub chat_template: bool,
    /// The source of a template that takes the place of the model's own.
    pub template: Option<String>,
    /// System message before each prompt.
    pub system: Option<String>,
}

impl OutputRequest {
    /// For a model with such weights. Synthetic ones give text without meaning, and would
    /// end it at random: they run to the full length. Trained models end where they end.
    pub fn generation(&self, weights: Weights) -> Generation {
        let by_weights = match weights {
            Weights::Synthetic => StopRule::FixedLength,
            Weights::Real => StopRule::Natural,
        };
        Generation {
            max_new_tokens: self.max_new_tokens,
            stop: self.stop.unwrap_or(by_weights),
            chat_template: self.chat_template,
            template: self.template.clone(),
            system: self.system.clone(),
        }
    }
}

/// Context lengths to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextLengths {
    /// Chunks of a document, 0 to 5, ascending.
    Chunks(Vec<u8>),
    /// Exact prompt lengths in tokens, ascending.
    Tokens(Vec<u32>),
}

/// Which weights catalogue models get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsChoice {
    /// Imported ones where there are any, else random ones.
    Auto,
    /// Random ones.
    Synthetic,
    /// Trained ones, from the hub where they were not imported yet.
    Real,
}

/// Types of a model's embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddingTypes {
    /// What llama.cpp's quantizer gives the embeddings, and the output matrix.
    Auto,
    /// This type.
    Type(WeightType),
}

impl EmbeddingTypes {
    /// The types of a synthetic model: a quantization, with what was asked of its embeddings.
    pub fn weight_types(asked: Option<Self>, quant: FileType, shape: &Shape) -> WeightTypes {
        match asked {
            None => WeightTypes::of(quant),
            Some(Self::Auto) => WeightTypes::as_quantized(quant, shape),
            Some(Self::Type(embeddings)) => WeightTypes::of(quant).with_embeddings(embeddings),
        }
    }
}

/// Compute threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadsChoice {
    /// Calibrated on phones, else the free physical cores.
    Auto,
    /// What a short calibration finds.
    Calibrate,
    /// So many.
    Count(u32),
}

/// CPUs to compute on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AffinityChoice {
    /// All but the slowest cluster, or what the device's profile names.
    Big,
    /// No binding.
    All,
    /// These.
    Cpus(CpuList),
}
