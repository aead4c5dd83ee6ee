//! Settings that must be alike on both sides, or every ratio would be one of the settings.

use slm_plan::PlanInput;
use std::collections::BTreeMap;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A setting of a sweep that changes its figures.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Setting {
    /// Compute threads.
    Threads,
    /// CPUs that the threads are bound to.
    Affinity,
    /// Flash attention.
    FlashAttention,
    /// Context allocated.
    Ctx,
    /// How weights get into memory.
    Load,
    /// Weights repacked for the CPU's kernels.
    Repack,
}

impl Setting {
    /// The settings that a plan fixes. Threads and flash attention are left to the trials,
    /// which say what was really used.
    pub(super) fn of_plan(input: &PlanInput) -> BTreeMap<Self, String> {
        let options = &input.options;
        let on_off = |on: bool| if on { "on" } else { "off" }.to_owned();
        let ctx = options.n_ctx.map_or_else(|| "as needed".to_owned(), |tokens| tokens.to_string());
        let cpus = options.affinity.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string);
        let load = serde_json::to_value(options.load).ok();
        let load = load.as_ref().and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        [(Self::Affinity, cpus), (Self::Ctx, ctx), (Self::Load, load), (Self::Repack, on_off(options.repack))]
            .into()
    }
}
