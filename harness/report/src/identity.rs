//! What tells a model on a device from others, as the tables name it.

use slm_results::{
    read::Key,
    schema::{TrialRow, VarianceRow},
};

/// A model on a device, in one setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    pub(crate) device: &'a str,
    pub(crate) backend: &'a str,
    pub(crate) model: &'a str,
    pub(crate) weights: &'a str,
    pub(crate) quant: &'a str,
    pub(crate) variant: Option<&'a str>,
}

/// Of a type whose fields are named as those of the tables are.
macro_rules! identity_of {
    ($($from:ty),+) => {$(
        impl<'a> From<&'a $from> for $crate::identity::Identity<'a> {
            fn from(of: &'a $from) -> Self {
                Self {
                    device: &of.device,
                    backend: &of.backend,
                    model: &of.model,
                    weights: &of.weights,
                    quant: &of.quant,
                    variant: of.variant.as_deref(),
                }
            }
        }
    )+};
}

pub(crate) use identity_of;

identity_of!(Key, TrialRow, VarianceRow);
