//! What the first events say: who the agent is, and what was loaded.

use super::{clock, memory::Memory};
use crate::{
    engine::{self, Model, Opened},
    prepare::Prepared,
};
use slm_protocol::{AgentFacts, LoadReport, MachineFacts, Ready, VERSION};

/// Facts for the first event.
pub(crate) fn agent_facts(machine: MachineFacts) -> AgentFacts {
    AgentFacts {
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: VERSION,
        flavour: env!("SLM_AGENT_FLAVOUR").to_owned(),
        target: env!("SLM_AGENT_TARGET").to_owned(),
        pid: std::process::id(),
        started_unix_ns: clock::started_unix_ns(),
        engines: engine::available(),
        machine,
    }
}

/// The event after loading. What only a run adds is left empty: calibration, notes, and the
/// bandwidth, whose buffer is not to be counted as the model's memory.
pub(super) fn ready(
    load: LoadReport,
    model: &dyn Model,
    opened: &Opened<'_>,
    memory: &Memory,
    prompts: &[Prepared],
) -> Ready {
    let (model, memory) = (model.facts().clone(), memory.read());
    Ready {
        load,
        options: opened.options.clone(),
        buffers: opened.buffers,
        devices: opened.devices.clone(),
        memory,
        memory_bandwidth: None,
        prompts: prompts.iter().map(|prompt| prompt.report.clone()).collect(),
        engine_log: opened.log.clone(),
        calibration: None,
        notes: Vec::new(),
        model,
    }
}
