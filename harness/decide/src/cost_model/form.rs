//! The forms that a quantity may be fitted by.

use strum::IntoStaticStr;

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(const_into_str)]
pub enum Form {
    /// The sum of what the parts of a model cost.
    #[strum(serialize = "sum of parts")]
    Parts,
    /// A straight line in the logarithms of parameters and tokens.
    #[strum(serialize = "power law")]
    Power,
}

impl Form {
    /// All of them; of equal ones the first is taken.
    pub const ALL: [Self; 2] = [Self::Parts, Self::Power];
}
