//! Ids of repeated warm-ups: an agent that starts in the middle of a plan warms up again,
//! which is no trial of the plan.

/// Begins the id; the trial whose prompt it has follows.
pub(crate) const PREFIX: &str = "rewarm-";

/// The trial that a repeated warm-up was made from.
pub(crate) fn source(trial_id: &str) -> Option<&str> {
    trial_id.strip_prefix(PREFIX)
}
