//! Names are derived twice, for files by serde and for tables by strum: they must agree.

use crate::{ComputeDevice, EngineKind, Failure, FigureScope, ProbeMoment, StopReason};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt::{Debug, Display},
    str::FromStr,
};
use strum::VariantArray;

fn agree<T>()
where
    T: VariantArray + Copy + Debug + Display + FromStr + PartialEq + Serialize + DeserializeOwned,
    &'static str: From<T>,
    T::Err: Debug,
{
    for variant in T::VARIANTS.iter().copied() {
        let name: &str = variant.into();
        assert_eq!(serde_json::to_value(variant).unwrap(), name);
        assert_eq!(serde_json::from_value::<T>(name.into()).unwrap(), variant);
        assert_eq!((variant.to_string().as_str(), name.parse::<T>().unwrap()), (name, variant));
    }
}

#[test]
fn serde_and_strum_give_the_same_names() {
    agree::<ComputeDevice>();
    agree::<EngineKind>();
    agree::<Failure>();
    agree::<FigureScope>();
    agree::<ProbeMoment>();
    agree::<StopReason>();
}
