//! Facts about the agent, the machine it runs on and the model it loaded.

use crate::{CpuList, EngineKind, Version};
use serde::{Deserialize, Serialize};

/// Who the agent is; the first event of every run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentFacts {
    /// The agent's own version.
    pub agent_version: String,
    /// The protocol it speaks.
    pub protocol: Version,
    /// Build flavour: which instruction set it needs (`x86_64`, `armv8.2-a+dotprod`…).
    pub flavour: String,
    /// Rust target triple it was built for.
    pub target: String,
    /// Process id, so that the host can tell this run from an older one.
    pub pid: u32,
    /// Wall clock at the monotonic origin, nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
    /// The engines inside.
    pub engines: Vec<EngineFacts>,
    /// Where it runs.
    pub machine: MachineFacts,
}

/// One engine inside an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineFacts {
    /// Which one.
    pub engine: EngineKind,
    /// Version as the engine itself reports it.
    pub version: String,
    /// Build flags given when it was compiled.
    pub build_flags: Vec<String>,
    /// CPU features that the compiled code really uses, by the engine's own report.
    pub cpu_features: Vec<String>,
}

/// The machine the agent runs on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MachineFacts {
    /// CPU or SoC name, as the kernel reports it.
    pub cpu: String,
    /// Kernel name and release.
    pub kernel: String,
    /// Physical cores that this process may use (affinity and quota considered).
    pub physical_cores: u32,
    /// Of these, cores that other processes kept busy when the agent started.
    pub busy_cores: f64,
    /// CPU features, as the kernel reports them.
    pub cpu_features: Vec<String>,
    /// Total memory, bytes.
    pub memory_total: u64,
    /// Memory available for new work when the agent started, bytes.
    pub memory_available: u64,
    /// Logical CPUs that this process might use when it started.
    pub cpus: Option<CpuList>,
    /// CPUs that share a clock, in the order of their numbers; empty where the
    /// kernel does not report them.
    pub clusters: Vec<Cluster>,
    /// Hottest of the sensors of CPU, SoC and battery when the agent started, degrees
    /// Celsius.
    pub temperature_c: Option<f64>,
    /// What its kernel tells of other processes; `None` where the agent did not look.
    pub contention: Option<ContentionSources>,
}

/// What a kernel lets the agent read of [`crate::Contention`]: a trial that lacks it in
/// spite of that is doubted, and a phone that hides it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentionSources {
    /// CPU time of the whole machine (`/proc/stat`).
    pub other_cpu: bool,
    /// Time that threads waited for a core (`schedstat`).
    pub run_delay: bool,
}

/// CPUs that share a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Which.
    pub cpus: CpuList,
    /// The highest frequency that the kernel names, kHz.
    pub max_khz: u64,
    /// The frequency that all of them can hold, kHz: the highest, but on x86, where that is a
    /// single core's, the base frequency. `None` on x86 where the kernel does not tell it.
    pub held_khz: Option<u64>,
}

/// The loaded model, by the engine's own report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Architecture name in the file.
    pub architecture: String,
    /// The engine's one-line description (`mpt 0.1B Q4_0`).
    pub description: String,
    /// Parameters.
    pub n_params: u64,
    /// Bytes of all tensors.
    pub size: u64,
    /// Bytes of the weights that one decode step must read (the embedding table
    /// is left out unless it is also the output layer). `None` where unknown.
    pub decode_bytes: Option<u64>,
    /// Weights that every prompt token is multiplied with: without embedding and output
    /// layer, without what else the engine computes for the last token alone, and of experts
    /// only those chosen. `None` where unknown.
    pub prefill_params: Option<u64>,
    /// Vocabulary size.
    pub n_vocab: u32,
    /// Context length the model was trained for.
    pub n_ctx_train: u32,
    /// SHA-256 of the chat template, where one is used.
    pub chat_template_sha256: Option<String>,
}

/// Buffer sizes by the engine's own report, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BufferSizes {
    /// Weights, repacked copies included.
    pub model: Option<u64>,
    /// KV cache.
    pub kv_cache: Option<u64>,
    /// Compute buffers.
    pub compute: Option<u64>,
}

/// What the engine was really set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedOptions {
    /// Compute threads.
    pub threads: u32,
    /// Whether flash attention is on; `None` where the engine does not say.
    pub flash_attention: Option<bool>,
    /// Context length in tokens.
    pub n_ctx: u32,
    /// Tokens per logical batch.
    pub n_batch: u32,
    /// Tokens per physical batch.
    pub n_ubatch: u32,
    /// CPUs that the compute threads really may use, where the job named some.
    pub affinity: Option<CpuList>,
    /// Whether the engine repacked any weights for the CPU's kernels; `None`
    /// where it does not say.
    pub repack: Option<bool>,
}
