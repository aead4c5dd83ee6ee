//! Options with a few values each, and what they mean to a plan.

use clap::ValueEnum;
use slm_plan::request::{AffinityChoice, ThreadsChoice, WeightsChoice};
use slm_protocol::{EngineKind, FlashAttention, LoadMode, StopRule};

/// `--threads`
pub(super) fn parse_threads(text: &str) -> Result<ThreadsChoice, String> {
    match text {
        "auto" => Ok(ThreadsChoice::Auto),
        "calibrate" => Ok(ThreadsChoice::Calibrate),
        _ => match text.parse::<u32>() {
            Ok(n) if (1..=512).contains(&n) => Ok(ThreadsChoice::Count(n)),
            _ => Err("give a number from 1 to 512, auto or calibrate".into()),
        },
    }
}

/// `--affinity`
pub(super) fn parse_affinity(text: &str) -> Result<AffinityChoice, String> {
    match text {
        "big" => Ok(AffinityChoice::Big),
        "all" => Ok(AffinityChoice::All),
        _ => text.parse().map(AffinityChoice::Cpus),
    }
}

/// `--weights`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WeightsArg {
    /// Imported ones where there are any
    Auto,
    /// Random ones
    Synthetic,
    /// Imported ones, from the hub where need be
    Real,
}

impl From<WeightsArg> for WeightsChoice {
    fn from(arg: WeightsArg) -> Self {
        match arg {
            WeightsArg::Auto => Self::Auto,
            WeightsArg::Synthetic => Self::Synthetic,
            WeightsArg::Real => Self::Real,
        }
    }
}

/// `--backend`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum BackendArg {
    /// llama.cpp
    #[value(name = "llama.cpp")]
    Llama,
    /// Model libraries of MLC-LLM's convention, run by TVM with our token loop (tvm-relax-vm)
    Mlc,
    /// The same libraries in MLC-LLM's own engine
    MlcLlm,
    /// An engine that does nothing: measures the harness itself
    Null,
}

impl BackendArg {
    /// The engine.
    pub(super) fn engine(self) -> EngineKind {
        match self {
            BackendArg::Llama => EngineKind::Llama,
            BackendArg::Mlc => EngineKind::TvmRelaxVm,
            BackendArg::MlcLlm => EngineKind::MlcLlm,
            BackendArg::Null => EngineKind::Null,
        }
    }
}

/// `--flash-attention`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ToggleArg {
    /// The engine chooses
    Auto,
    /// Asked for
    On,
    /// Ruled out
    Off,
}

/// `--repack`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SwitchArg {
    /// Where the engine can
    On,
    /// Never
    Off,
}

/// `--load`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LoadArg {
    /// Map the file
    Mmap,
    /// Read it into memory
    Read,
}

/// `--stop`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StopArg {
    /// Only the full length
    Length,
    /// The model's end token too
    EndToken,
}

impl From<ToggleArg> for FlashAttention {
    fn from(arg: ToggleArg) -> Self {
        match arg {
            ToggleArg::Auto => Self::Auto,
            ToggleArg::On => Self::On,
            ToggleArg::Off => Self::Off,
        }
    }
}

impl From<LoadArg> for LoadMode {
    fn from(arg: LoadArg) -> Self {
        match arg {
            LoadArg::Mmap => Self::Mmap,
            LoadArg::Read => Self::Read,
        }
    }
}

impl From<StopArg> for StopRule {
    fn from(arg: StopArg) -> Self {
        match arg {
            StopArg::Length => Self::FixedLength,
            StopArg::EndToken => Self::Natural,
        }
    }
}
