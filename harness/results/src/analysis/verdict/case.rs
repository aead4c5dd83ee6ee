//! A trial with all that it is judged by.

use crate::analysis::evidence::Evidence;
use slm_protocol::{Capabilities, ContentionSources, EngineKind, Ready, StopRule, TrialReport};

/// A completed trial and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    /// What the agent reported of it.
    pub(crate) report: &'a TrialReport,
    /// Its loaded model.
    pub(crate) ready: &'a Ready,
    /// What ends its output.
    pub(crate) stop: StopRule,
    /// Output tokens at most.
    pub(crate) max_new_tokens: u32,
    /// The engine that was asked for.
    pub(crate) engine: EngineKind,
    /// Whether the probes tell what its engine can have done.
    pub(crate) probes_apply: bool,
    /// What its device's kernel tells of other processes.
    pub(crate) contention: Option<ContentionSources>,
    /// What no matrix product on its threads can exceed, operations per second.
    pub(crate) peak_ops_per_s: Option<f64>,
    /// What the sensors said meanwhile.
    pub(crate) evidence: &'a Evidence,
}

impl Case<'_> {
    pub(super) fn capabilities(&self) -> Capabilities {
        self.engine.descriptor().capabilities
    }
}
