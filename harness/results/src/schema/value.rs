//! The types that stand in the fields of rows.

use super::{
    column::{Kind, Scalar},
    on_off::OnOff,
    outcome::{Status, Verdict},
    thermal::ThermalStatus,
    time::UtcTime,
};
use slm_protocol::{Failure, FigureScope, StopReason};

/// A type that stands in a field of a row.
pub trait Value: Sized {
    /// What its column holds.
    const KIND: Kind;
    /// The only texts that it has; none: any.
    const NAMES: &'static [&'static str] = &[];
    /// Whether its field may be empty.
    const NULLABLE: bool = false;

    /// The value of a field that its column let pass.
    ///
    /// # Errors
    /// Why it has no value of this type, in a few words.
    fn from_scalar(scalar: Scalar<'_>) -> Result<Self, String>;
}

impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;
    const NAMES: &'static [&'static str] = T::NAMES;
    const NULLABLE: bool = true;

    fn from_scalar(scalar: Scalar<'_>) -> Result<Self, String> {
        if scalar == Scalar::Empty { Ok(None) } else { T::from_scalar(scalar).map(Some) }
    }
}

/// What a column never lets pass.
fn misplaced<T>(scalar: Scalar<'_>) -> Result<T, String> {
    Err(format!("{scalar:?} is of another kind"))
}

macro_rules! plain {
    ($($type:ty: $kind:ident($value:ident) => $made:expr;)+) => { $(
        impl Value for $type {
            const KIND: Kind = Kind::$kind;

            fn from_scalar(scalar: Scalar<'_>) -> Result<Self, String> {
                match scalar {
                    Scalar::$kind($value) => $made,
                    other => misplaced(other),
                }
            }
        }
    )+ };
}

plain! {
    String: Text(text) => Ok(text.to_owned());
    u8: Whole(number) => narrowed(number);
    u32: Whole(number) => narrowed(number);
    u64: Whole(number) => Ok(number);
    f64: Number(number) => Ok(number);
    bool: Flag(flag) => Ok(flag);
    UtcTime: Time(time) => Ok(time);
}

fn narrowed<T: TryFrom<u64>>(number: u64) -> Result<T, String> {
    T::try_from(number).map_err(|_| format!("{number} is too large"))
}

/// Enums whose names are derived by strum, the same as serde's.
macro_rules! named {
    ($($type:ty),+) => { $(
        impl Value for $type {
            const KIND: Kind = Kind::Text;
            const NAMES: &'static [&'static str] = {
                const VARIANTS: &[$type] = <$type as strum::VariantArray>::VARIANTS;
                const NAMES: [&str; VARIANTS.len()] = {
                    let mut names = [""; VARIANTS.len()];
                    let mut index = 0;
                    while index < names.len() {
                        names[index] = VARIANTS[index].into_str();
                        index += 1;
                    }
                    names
                };
                &NAMES
            };

            fn from_scalar(scalar: Scalar<'_>) -> Result<Self, String> {
                match scalar {
                    Scalar::Text(text) => text.parse().or(misplaced(scalar)),
                    other => misplaced(other),
                }
            }
        }
    )+ };
}

named!(Failure, FigureScope, OnOff, Status, StopReason, ThermalStatus, Verdict);

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use std::fmt::Debug;
    use strum::VariantArray;

    fn agree<T: Value + VariantArray + Serialize + PartialEq + Debug + Copy>() {
        assert_eq!(T::NAMES.len(), T::VARIANTS.len());
        for (name, variant) in T::NAMES.iter().zip(T::VARIANTS) {
            assert_eq!(serde_json::to_value(variant).unwrap(), *name);
            assert_eq!(T::from_scalar(Scalar::Text(name)), Ok(*variant));
        }
        assert!(T::from_scalar(Scalar::Text("nothing of the kind")).is_err());
    }

    #[test]
    fn names_that_are_written_are_those_that_are_read() {
        agree::<Failure>();
        agree::<FigureScope>();
        agree::<OnOff>();
        agree::<Status>();
        agree::<StopReason>();
        agree::<ThermalStatus>();
        agree::<Verdict>();
    }

    #[test]
    fn what_does_not_fit_is_told() {
        assert_eq!(u8::from_scalar(Scalar::Whole(300)).unwrap_err(), "300 is too large");
        assert_eq!(Option::<u8>::from_scalar(Scalar::Empty), Ok(None));
        assert!(bool::from_scalar(Scalar::Whole(1)).is_err());
    }
}
