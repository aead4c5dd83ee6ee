//! What the host asks of an agent: one model, loaded once, and its trials in order.

use crate::{ComputeDevice, CpuList, EngineKind, Version};
use serde::{Deserialize, Serialize};

/// A whole job: one model load and the trials run on it, in the given order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Version of this document; checked before anything else is read.
    pub protocol: Version,
    /// The engine asked for. The agent proves which one ran in [`crate::Ready`].
    pub engine: EngineKind,
    /// The model file, as the device sees it.
    pub model: ModelFile,
    /// How the engine is set up.
    pub options: EngineOptions,
    /// How output is generated.
    pub generation: Generation,
    /// The distinct prompts; trials point into this list.
    pub prompts: Vec<Prompt>,
    /// The trials, in the order in which they are to run.
    pub trials: Vec<TrialOrder>,
    /// A trial longer than this is aborted and reported as timed out. Milliseconds.
    pub trial_timeout_ms: u64,
    /// An engine that takes longer to load is hung: the agent reports that and ends
    /// itself. Milliseconds; 0: however long it takes.
    pub load_timeout_ms: u64,
    /// Rest between trials, in which the host writes its files, so that it does
    /// not disturb the next trial. Milliseconds.
    pub gap_ms: u64,
    /// How often sensors are read within a trial, milliseconds; 0: only before and
    /// after it.
    pub telemetry_ms: u64,
    /// Wait before each trial until the device is cool.
    pub cool_down: Option<CoolDown>,
}

/// How cool a device must be before a trial.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoolDown {
    /// The hottest sensor must not be above this, degrees Celsius; `None`: above what
    /// it was when the agent started, and one degree.
    pub to_c: Option<f64>,
    /// After this the trial begins all the same, and that is reported. Milliseconds.
    pub timeout_ms: u64,
}

impl CoolDown {
    /// How far above its starting level a device may be: one reading of a noisy sensor
    /// is no better.
    pub const TOLERANCE_C: f64 = 1.0;
}

/// The model file to load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Name for logs; never interpreted.
    pub name: String,
    /// Path on the device.
    pub path: String,
    /// What runs a model compiled by TVM, whose `path` is its folder.
    pub compiled: Option<Box<CompiledModel>>,
}

impl ModelFile {
    /// What it computes on.
    pub fn device(&self) -> ComputeDevice {
        self.compiled.as_ref().map_or(ComputeDevice::Cpu, |compiled| compiled.device)
    }
}

/// A model compiled by TVM, and what runs it; all are paths on the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledModel {
    /// TVM's libraries, and MLC-LLM's where its engine runs, in the order in which they
    /// are opened.
    pub runtime: Vec<String>,
    /// The model library.
    pub library: String,
    /// What it was compiled for.
    pub device: ComputeDevice,
}

/// A model file with random weights that an agent is to make: `slm-agent make`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSpec {
    /// The shape, as text (`arch=mpt,layers=12,d_model=768`).
    pub shape: String,
    /// Types of the weights, as text (`q4_0`).
    pub types: String,
    /// Seed of the weights.
    pub seed: u64,
}

/// Set-up of the engine. `None` means: the agent decides, and reports what it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineOptions {
    /// Compute threads; `None`: the free physical cores.
    pub threads: Option<u32>,
    /// Flash attention kernels.
    pub flash_attention: FlashAttention,
    /// Context length in tokens; `None`: the longest prompt plus its output,
    /// rounded up to 256.
    pub n_ctx: Option<u32>,
    /// Tokens per physical batch; `None`: the engine's default.
    pub n_ubatch: Option<u32>,
    /// How the weights get into memory.
    pub load: LoadMode,
    /// CPUs for the compute threads; `None`: all.
    pub affinity: Option<CpuList>,
    /// Without [`EngineOptions::threads`]: try out how many threads decode fastest,
    /// instead of taking the free physical cores.
    pub calibrate_threads: bool,
    /// Repack weights for the CPU's kernels, where the engine can.
    pub repack: bool,
}

/// Whether flash attention is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlashAttention {
    /// The engine chooses; what it chose is reported.
    Auto,
    /// Asked for.
    On,
    /// Ruled out.
    Off,
}

/// How the weights get into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadMode {
    /// The file is mapped (llama.cpp's default).
    Mmap,
    /// The file is read into allocated memory.
    Read,
}

/// How output is generated. Sampling is greedy in every engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// Output tokens at most, the first one included. At least 1.
    pub max_new_tokens: u32,
    /// What ends the output before that.
    pub stop: StopRule,
    /// Render text prompts through the model's own chat template when it has one.
    pub chat_template: bool,
    /// The source of a chat template that takes the place of the model's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// A system message before the user's message. The chat template must support it.
    pub system: Option<String>,
}

/// What ends an output before `max_new_tokens`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopRule {
    /// The model's end-of-generation tokens.
    Natural,
    /// Nothing: every output has the full length (synthetic weights).
    FixedLength,
}

/// One distinct prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Identifier for events; unique within the job.
    pub id: String,
    /// The prompt itself.
    pub content: PromptContent,
}

/// The content of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PromptContent {
    /// Text to answer; rendered through the chat template if there is one.
    Text {
        /// The user's message.
        text: String,
    },
    /// Text cut from `source` so that the model's own tokenizer counts exactly
    /// `tokens`, begin-of-sequence token included; never templated.
    Exact {
        /// Text to cut from; repeated when it is too short.
        source: String,
        /// Tokens wanted.
        tokens: u32,
    },
}

/// One trial to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialOrder {
    /// The host's identifier, echoed in every event about the trial.
    pub trial_id: String,
    /// Index into [`Job::prompts`].
    pub prompt: usize,
    /// Warm-ups also take memory readings that would disturb a measured trial.
    pub warmup: bool,
}
