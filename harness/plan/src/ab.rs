//! The plan of two settings that are compared: one model in two variants that alternate.

use crate::{
    Design, DeviceFacts, Plan, PlanInput, PlannedModel, Variant,
    error::{Error, Result},
    request::SweepRequest,
};

/// Runs of each side at most: what a long night has time for.
const MOST_RUNS: u32 = 300;

/// One side: what is asked for, and its model.
pub struct Side<'a> {
    /// What is asked for.
    pub request: &'a SweepRequest,
    /// Its models; there must be one.
    pub models: Vec<PlannedModel>,
}

impl Plan {
    /// The plan of two settings on one device.
    ///
    /// # Errors
    /// [`Error::Input`] for more than one model on a side or more than one device, and as [`Plan::of`].
    pub fn ab(a: Side<'_>, b: Side<'_>, devices: &[DeviceFacts]) -> Result<Self> {
        if devices.len() != 1 {
            let what = format!("--device names {} devices", devices.len());
            return Err(Error::input(what, "compare two settings on one device at a time"));
        }
        let (a, b) = (variant("a", a, devices)?, variant("b", b, devices)?);
        let models = [&a, &b].into_iter().flat_map(|side| side.models.clone()).collect();
        Self::new(PlanInput { models, ..a })
    }
}

fn variant(label: &str, side: Side<'_>, devices: &[DeviceFacts]) -> Result<PlanInput> {
    let models = side.models.len();
    if models != 1 {
        let what = format!("side {label} has {models} models");
        return Err(Error::input(what, "name one model in one quantization for each side"));
    }
    let mut input = Plan::of(side.request, side.models, devices)?.input;
    let options = input.options.clone();
    for model in &mut input.models {
        model.variant = Some(Variant { label: label.to_owned(), options: options.clone() });
    }
    Ok(PlanInput { design: Design::Ab, runs: MOST_RUNS, repetitions: 1, ..input })
}
