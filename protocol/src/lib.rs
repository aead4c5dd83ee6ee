//! What crosses the wire between the host (`bench`) and the device agent
//! (`slm-agent`): the job, the events, their codec, the
//! version handshake. Beside that, what both must read alike: the engines' descriptors
//! ([`Engine`]), sets of CPUs ([`CpuList`]), thermal sensors ([`degrees`]) and batteries
//! ([`battery`]).
//!
//! A [`Job`] goes in as one JSON document. Events come out as JSON lines, one
//! [`Envelope`] per line, on stdout and (for detached runs) in a journal file.
//! Every line carries the protocol version, so that a journal pulled from a
//! phone months later is either understood or refused, never guessed at.
//!
//! All times are nanoseconds on the device's monotonic clock, counted from the
//! agent's start; rates are never sent, the host derives them.

pub mod battery;
mod codec;
mod cpus;
pub mod degrees;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod engine;
mod event;
mod facts;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod failure;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod figure;
mod job;
#[cfg(test)]
mod names;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod probe;
mod prompts;
mod quantize;
mod tokenize;
#[expect(missing_docs, reason = "of the method into_str, which strum derives")]
mod trial;
mod version;

pub use codec::{
    DecodeError, EventReader, EventWriter, MAX_LINE_BYTES, decode_job, decode_line, encode_line,
};
pub use cpus::CpuList;
pub use engine::{Capabilities, ComputeDevice, Engine, EngineKind, ModelForm};
pub use event::{
    Calibration, CalibrationStep, CoolDownReport, Envelope, Event, LoadReport, Progress, PromptReport, Ready,
    Sample,
};
pub use facts::{
    AgentFacts, BufferSizes, Cluster, ContentionSources, EngineFacts, MachineFacts, ModelFacts,
    ResolvedOptions,
};
pub use failure::Failure;
pub use figure::{Figure, FigureScope};
pub use job::{
    CompiledModel, CoolDown, EngineOptions, FlashAttention, Generation, Job, LoadMode, ModelFile, ModelSpec,
    Prompt, PromptContent, StopRule, TrialOrder,
};
pub use probe::{Probe, ProbeMoment};
pub use prompts::{PromptsReport, ShownPrompt, ShownToken};
pub use quantize::{QuantizeEvent, QuantizeLine};
pub use tokenize::{TokenizeReport, TokenizeRequest};
pub use trial::{Contention, MemoryReading, Output, StopReason, Timestamps, TrialOutcome, TrialReport};
pub use version::{VERSION, Version, VersionMismatch};
