//! Options with a few values each, and what they mean to a plan.

use clap::{
    ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use slm_plan::request::{AffinityChoice, ThreadsChoice, WeightsChoice};
use slm_protocol::{EngineKind, FlashAttention, LoadMode, StopRule};
use strum::VariantArray;

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

/// `--backend`: the engines by the names that users give them.
pub(super) fn backends() -> impl TypedValueParser<Value = EngineKind> {
    let value = |kind: &EngineKind| {
        let engine = kind.descriptor();
        let name = PossibleValue::new(engine.typed_name()).help(engine.summary);
        if engine.typed_name() == engine.name { name } else { name.alias(engine.name) }
    };
    let names: Vec<PossibleValue> = EngineKind::VARIANTS.iter().map(value).collect();
    PossibleValuesParser::new(names)
        .try_map(|name| EngineKind::find(&name).ok_or_else(|| format!("there is no engine {name}")))
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
