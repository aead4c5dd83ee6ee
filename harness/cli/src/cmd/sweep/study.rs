//! What is measured: the models of one request, or one model in two settings.

use slm_plan::{
    Compute, DeviceFacts, Plan, PlannedModel,
    ab::Side,
    error::{Error, Result},
    request::SweepRequest,
};

/// What is asked for.
pub(super) enum Study {
    /// Models at context lengths.
    Sweep(Box<SweepRequest>),
    /// Two settings that alternate.
    Ab(Box<[SweepRequest; 2]>),
}

impl Study {
    /// Every request behind it.
    pub(super) fn requests(&self) -> &[SweepRequest] {
        match self {
            Self::Sweep(request) => std::slice::from_ref(request),
            Self::Ab(sides) => &sides[..],
        }
    }

    /// The plan, from the models of each request.
    pub(super) fn plan(&self, models: Vec<Vec<PlannedModel>>, devices: &[DeviceFacts]) -> Result<Plan> {
        let mut models = models.into_iter();
        let mut next = || models.next().ok_or_else(|| Error::Internal("a request has no models".into()));
        match self {
            Self::Sweep(request) => Plan::of(request, next()?, devices),
            Self::Ab(sides) => {
                let [a, b] = &**sides;
                let (a, b) = (Side { request: a, models: next()? }, Side { request: b, models: next()? });
                Plan::ab(a, b, devices)
            }
        }
    }

    /// What each device computes with; two settings have their own in the plan.
    pub(super) fn compute(&self, devices: &[DeviceFacts]) -> Result<Vec<Compute>> {
        match self {
            Self::Sweep(request) => devices.iter().map(|device| Compute::of(request, device)).collect(),
            Self::Ab(_) => Ok(vec![Compute::default(); devices.len()]),
        }
    }
}
