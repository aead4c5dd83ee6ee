//! A trial with all that it is judged by.

use crate::analysis::evidence::Evidence;
use slm_protocol::{Capabilities, ContentionSources, EngineKind, Ready, StopRule, TrialReport};

/// A completed trial and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What the agent reported of it.
    pub report: &'a TrialReport,
    /// Its loaded model.
    pub ready: &'a Ready,
    /// What ends its output.
    pub stop: StopRule,
    /// Output tokens at most.
    pub max_new_tokens: u32,
    /// The engine that was asked for.
    pub engine: EngineKind,
    /// Whether it computed on the CPU, whose figures the probes show.
    pub on_cpu: bool,
    /// What its device's kernel tells of other processes.
    pub contention: Option<ContentionSources>,
    /// What no matrix product on its threads can exceed, operations per second.
    pub peak_ops_per_s: Option<f64>,
    /// What the sensors said meanwhile.
    pub evidence: &'a Evidence,
}

impl Case<'_> {
    pub(super) fn capabilities(&self) -> Capabilities {
        self.engine.descriptor().capabilities
    }
}
