//! What crosses the wire between the host (`bench`) and the device agent
//! (`slm-agent`), and nothing else: the job, the events, their codec, the
//! version handshake.
//!
//! A [`Job`] goes in as one JSON document. Events come out as JSON lines, one
//! [`Envelope`] per line, on stdout and (for detached runs) in a journal file.
//! Every line carries the protocol version, so that a journal pulled from a
//! phone months later is either understood or refused, never guessed at.
//!
//! All times are nanoseconds on the device's monotonic clock, counted from the
//! agent's start; rates are never sent, the host derives them.

mod check;
mod codec;
mod cpus;
mod event;
mod facts;
mod failure;
mod job;
mod quantize;
mod version;

pub use check::{CheckReport, CheckRequest};
pub use codec::{
    DecodeError, EventReader, EventWriter, MAX_LINE_BYTES, decode_job, decode_line, encode_line,
};
pub use cpus::CpuList;
pub use event::{
    Calibration, CalibrationStep, Contention, CoolDownReport, Envelope, Event, LoadReport, MemoryReading,
    Output, Progress, PromptReport, Ready, Sample, StopReason, Timestamps, TrialOutcome, TrialReport,
};
pub use facts::{AgentFacts, BufferSizes, Cluster, EngineFacts, MachineFacts, ModelFacts, ResolvedOptions};
pub use failure::Failure;
pub use job::{
    CompiledModel, CoolDown, EngineKind, EngineOptions, FlashAttention, Generation, Job, LoadMode, ModelFile,
    ModelSpec, Prompt, PromptContent, StopRule, TrialOrder, TvmDevice,
};
pub use quantize::{QuantizeEvent, QuantizeLine};
pub use version::{VERSION, Version, VersionMismatch};
