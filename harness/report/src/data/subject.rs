//! A model on a device.

use crate::{
    identity::{Identity, identity_of},
    outputs::Answer,
};
use slm_plan::PlannedModel;
use slm_protocol::Ready;

/// A model on a device.
#[derive(Debug)]
pub struct Subject {
    /// Index of its run.
    pub run: usize,
    /// Device.
    pub device: String,
    /// SoC or CPU.
    pub soc: Option<String>,
    /// Engine.
    pub backend: String,
    /// Model's name.
    pub model: String,
    /// `synthetic` or `real`.
    pub weights: String,
    /// Weight types.
    pub quant: String,
    /// Which of two settings, where the sweep has the model in two.
    pub variant: Option<String>,
    /// Parameters.
    pub params: Option<u64>,
    /// Name that no other subject has.
    pub label: String,
    /// The engine's report of the loaded model.
    pub ready: Option<Box<Ready>>,
    /// Threads that the trials ran with.
    pub threads: Option<u32>,
    /// Load times, seconds: one for each start of an agent.
    pub loads_s: Vec<f64>,
    /// What the model wrote, in the order of the prompts; nothing where its weights are random.
    pub answers: Vec<Answer>,
}

identity_of!(Subject);

impl Subject {
    /// Whether it is what a row of this run is of.
    pub(crate) fn is<'a>(&self, run: usize, row: impl Into<Identity<'a>>) -> bool {
        self.run == run && Identity::from(self) == row.into()
    }

    /// Whether it is this model of a plan; the run must be the plan's.
    pub fn is_of(&self, planned: &PlannedModel) -> bool {
        let variant = planned.variant.as_ref().map(|variant| variant.label.as_str());
        self.model == planned.name
            && self.quant == planned.quant
            && self.backend == planned.engine.into_str()
            && self.variant.as_deref() == variant
    }

    /// Its label without the device, where the text names that already.
    pub fn label_on_device(&self) -> String {
        // A label is the model, then what distinguishes it, the device included.
        let mut parts = self.label.split(" · ");
        let model = parts.next().into_iter();
        model.chain(parts.filter(|part| *part != self.device)).collect::<Vec<_>>().join(" · ")
    }
}
