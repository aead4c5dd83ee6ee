//! What the checks of a trial find.

use super::check::Check;

/// What the checks find.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) reasons: Vec<String>,
    pub(super) not_checked: Vec<Check>,
}

impl Findings {
    pub(super) fn doubt(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    /// Something that engine or device ought to tell is missing.
    pub(super) fn not_reported(&mut self, what: &str) {
        self.doubt(format!("{what} not reported"));
    }

    /// Something cannot be known here.
    pub(super) fn skip(&mut self, check: Check) {
        self.not_checked.push(check);
    }
}
