//! What planning must know of a device: facts, never what kind of device it is.

use slm_protocol::{AgentFacts, CpuList, EngineKind};

/// What a device can do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capabilities {
    /// It heats up and has cores of several kinds, as a phone does: threads are calibrated,
    /// fast cores are chosen and trials wait until it is cool, unless the user says otherwise.
    pub is_mobile: bool,
    /// Its fast cores, by its profile or itself; `None` where nothing is known of them.
    pub big_cores: Option<CpuList>,
    /// Settings that it can change for a sweep and put back, by name.
    pub settings: Vec<&'static str>,
    /// It is expected to tell the energy that trials take.
    pub has_battery: bool,
    /// How to get an agent with an engine that not every agent has.
    pub feature_remedy: &'static str,
}

/// A device that answered.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceFacts {
    /// Its name.
    pub name: String,
    /// What its agent said.
    pub agent: AgentFacts,
    /// What it can do.
    pub capabilities: Capabilities,
}

impl DeviceFacts {
    /// Whether its agent has an engine.
    pub fn has_engine(&self, engine: EngineKind) -> bool {
        self.agent.engines.iter().any(|has| has.engine == engine)
    }
}
