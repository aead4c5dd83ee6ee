//! A sweep that is checked and not begun.

use slm_device::Claim;
use slm_plan::{Plan, error::Error};
use slm_sweep::{
    fleet::Member,
    store::{Store, SweepEvent},
};

/// All is checked, nothing is measured yet.
pub(super) struct Ready {
    pub(super) store: Store,
    /// The sweep's id.
    pub(super) id: String,
    pub(super) plan: Plan,
    pub(super) members: Vec<Member>,
    /// Devices that are wanted and not there; only when a sweep is resumed.
    pub(super) absent: Vec<(String, Error)>,
    /// What was done to devices before they go on.
    pub(super) prepared: Vec<SweepEvent>,
    /// Held until the sweep is over.
    pub(super) _claims: Vec<Claim>,
}
