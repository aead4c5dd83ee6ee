//! The engines: one descriptor for each. What host and agent must know of an engine is
//! here, so that a new engine needs its descriptor, its file in the agent, and one line
//! in the agent's registry.

use serde::{Deserialize, Serialize};

/// The engines that an agent can contain. The name is the one in every file and table.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(const_into_str)]
pub enum EngineKind {
    /// llama.cpp.
    #[serde(rename = "llama.cpp")]
    #[strum(serialize = "llama.cpp")]
    Llama,
    /// An engine that does nothing: it measures the harness itself.
    #[serde(rename = "null")]
    #[strum(serialize = "null")]
    Null,
    /// A model library of MLC-LLM's convention in TVM's Relax VM. The agent runs the
    /// token loop.
    #[serde(rename = "tvm-relax-vm")]
    #[strum(serialize = "tvm-relax-vm")]
    TvmRelaxVm,
    /// The same library in MLC-LLM's own engine, which tokenizes and generates by itself
    /// and returns text, not tokens.
    #[serde(rename = "mlc-llm")]
    #[strum(serialize = "mlc-llm")]
    MlcLlm,
}

/// What an engine is and can do.
#[derive(Debug, PartialEq, Eq)]
pub struct Engine {
    /// Name in every file and table.
    pub name: &'static str,
    /// Other names that users may type, the preferred one first; empty where the name
    /// itself is typed.
    pub aliases: &'static [&'static str],
    /// One line for `--help`.
    pub summary: &'static str,
    /// The form of model that it runs.
    pub model_form: ModelForm,
    /// The devices that it can compute on.
    pub devices: &'static [ComputeDevice],
    /// Cargo feature of the agent that contains it; `None`: every agent does.
    pub agent_feature: Option<&'static str>,
    /// What it can do, and what it reports.
    pub capabilities: Capabilities,
}

/// What an engine can do, and what it reports. Times and counts that an engine does not
/// report are missing in its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties")]
pub struct Capabilities {
    /// Whether prompts are tokenized before the trial. The number of prompt tokens is then
    /// in [`crate::PromptReport::n_in`]. Otherwise the engine tokenizes within the trial,
    /// and the number is known only after it.
    pub tokenizes_before_trial: bool,
    /// Whether the time of every output token is reported
    /// ([`crate::Timestamps::tokens_ns`]), and with it the bounds of the prefill.
    pub token_times: bool,
    /// Whether the number of prompt tokens that were evaluated is reported
    /// ([`crate::TrialReport::n_evaluated`]).
    pub evaluated_tokens: bool,
    /// Whether prompts of an exact number of tokens can be made
    /// ([`crate::PromptContent::Exact`]).
    pub exact_token_counts: bool,
    /// Whether the logits are checked for values that are not finite
    /// ([`crate::Output::logits_finite`]).
    pub checks_logits: bool,
    /// Whether the engine always applies its own chat template, so that
    /// [`crate::Generation::chat_template`] cannot be off.
    pub own_chat_template: bool,
    /// Whether it reports the sizes of KV cache and compute buffers, beside the weights
    /// ([`crate::BufferSizes`]).
    pub buffer_sizes: bool,
    /// Whether it reports values that it measured itself ([`crate::TrialReport::figures`]).
    pub own_figures: bool,
    /// Whether it can change its number of threads while loaded, so that
    /// [`crate::EngineOptions::calibrate_threads`] has an effect.
    pub thread_calibration: bool,
    /// Whether [`crate::EngineOptions::flash_attention`], [`crate::EngineOptions::load`] and
    /// [`crate::EngineOptions::repack`] have an effect.
    pub kernel_options: bool,
    /// Whether it reads the model's weights in every decode step, so that the memory's
    /// bandwidth bounds plausible decode rates.
    pub reads_weights: bool,
}

/// The form of model that an engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelForm {
    /// A GGUF file.
    Gguf,
    /// A folder with a model library compiled by TVM, and its weights.
    Compiled,
    /// No model at all.
    None,
}

/// A kind of device that a model computes on.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum ComputeDevice {
    /// The CPU.
    #[default]
    Cpu,
    /// The first `OpenCL` device.
    Opencl,
    /// The first Vulkan device.
    Vulkan,
}

const LLAMA: Engine = Engine {
    name: EngineKind::Llama.into_str(),
    aliases: &[],
    summary: "llama.cpp",
    model_form: ModelForm::Gguf,
    devices: &[ComputeDevice::Cpu],
    agent_feature: None,
    capabilities: Capabilities {
        tokenizes_before_trial: true,
        token_times: true,
        evaluated_tokens: true,
        exact_token_counts: true,
        checks_logits: true,
        own_chat_template: false,
        buffer_sizes: true,
        own_figures: false,
        thread_calibration: true,
        kernel_options: true,
        reads_weights: true,
    },
};

const NULL: Engine = Engine {
    name: EngineKind::Null.into_str(),
    aliases: &[],
    summary: "An engine that does nothing: measures the harness itself",
    model_form: ModelForm::None,
    devices: &[ComputeDevice::Cpu],
    agent_feature: None,
    capabilities: Capabilities {
        buffer_sizes: false,
        kernel_options: false,
        reads_weights: false,
        ..LLAMA.capabilities
    },
};

const TVM_RELAX_VM: Engine = Engine {
    name: EngineKind::TvmRelaxVm.into_str(),
    aliases: &["mlc"],
    summary: "Model libraries of MLC-LLM's convention, run by TVM with our token loop (tvm-relax-vm)",
    model_form: ModelForm::Compiled,
    devices: &[ComputeDevice::Cpu, ComputeDevice::Opencl, ComputeDevice::Vulkan],
    agent_feature: Some("mlc"),
    capabilities: Capabilities { buffer_sizes: false, kernel_options: false, ..LLAMA.capabilities },
};

const MLC_LLM: Engine = Engine {
    name: EngineKind::MlcLlm.into_str(),
    aliases: &[],
    summary: "The same libraries in MLC-LLM's own engine",
    model_form: ModelForm::Compiled,
    devices: TVM_RELAX_VM.devices,
    agent_feature: TVM_RELAX_VM.agent_feature,
    capabilities: Capabilities {
        tokenizes_before_trial: false,
        token_times: false,
        // Among the extras of its usage, which it may leave out.
        evaluated_tokens: false,
        exact_token_counts: false,
        checks_logits: false,
        own_chat_template: true,
        own_figures: true,
        thread_calibration: false,
        ..TVM_RELAX_VM.capabilities
    },
};

impl EngineKind {
    /// What the engine is and can do.
    pub const fn descriptor(self) -> &'static Engine {
        match self {
            Self::Llama => &LLAMA,
            Self::Null => &NULL,
            Self::TvmRelaxVm => &TVM_RELAX_VM,
            Self::MlcLlm => &MLC_LLM,
        }
    }

    /// The engine with this name or alias.
    pub fn find(text: &str) -> Option<Self> {
        let mut all = <Self as strum::VariantArray>::VARIANTS.iter().copied();
        all.find(|kind| {
            let engine = kind.descriptor();
            engine.name == text || engine.aliases.contains(&text)
        })
    }
}

impl Engine {
    /// The name that users type: the preferred alias, or the name.
    pub const fn typed_name(&self) -> &'static str {
        match self.aliases {
            [first, ..] => first,
            [] => self.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn every_engine_is_found_by_each_of_its_names_and_no_name_means_two() {
        let mut names = Vec::new();
        for kind in EngineKind::VARIANTS {
            let engine = kind.descriptor();
            assert_eq!(engine.name, kind.into_str());
            names.extend([engine.name].iter().chain(engine.aliases).map(|name| (*name, *kind)));
        }
        for (name, kind) in &names {
            assert_eq!(EngineKind::find(name), Some(*kind));
        }
        assert_eq!(EngineKind::find("mlc"), Some(EngineKind::TvmRelaxVm));
        assert_eq!(EngineKind::TvmRelaxVm.descriptor().typed_name(), "mlc");
        assert_eq!(EngineKind::find("sing"), None);
    }
}
