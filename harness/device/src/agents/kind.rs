//! Which agent a phone gets: an instruction set, and the engines inside. What runs models
//! of TVM opens its libraries at run time, which a static program cannot: such an agent
//! is linked to the phone's own C library, and is another program with another name.

use super::Flavour;
use serde::{Deserialize, Serialize};
use slm_protocol::EngineKind;
use std::fmt;

/// An optional engine of an agent, by cargo's name for it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Feature {
    /// Models that TVM compiled.
    Mlc,
}

impl Feature {
    /// What these engines need beside what every agent has.
    pub fn needed_by(engines: &[EngineKind]) -> Option<Self> {
        engines.iter().find_map(|engine| engine.descriptor().agent_feature?.parse().ok())
    }
}

/// An agent for phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentKind {
    /// Instruction set.
    pub flavour: Flavour,
    /// What it has beside the ordinary engines.
    pub feature: Option<Feature>,
}

impl AgentKind {
    /// All of them, the ordinary ones first.
    pub fn all() -> impl Iterator<Item = Self> {
        let with = |feature| Flavour::ALL.map(|flavour| Self { flavour, feature });
        [None, Some(Feature::Mlc)].into_iter().flat_map(with)
    }

    /// What `bench agent build` is told for it.
    pub(super) fn options(self) -> String {
        let feature = self.feature.map(|feature| format!("--{feature} ")).unwrap_or_default();
        format!("{feature}--flavour {}", self.flavour)
    }
}

impl From<Flavour> for AgentKind {
    fn from(flavour: Flavour) -> Self {
        Self { flavour, feature: None }
    }
}

impl fmt::Display for AgentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let feature = self.feature.map(|feature| format!("-{feature}")).unwrap_or_default();
        f.pad(&format!("{}{feature}", self.flavour))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_tells_how_to_build_it() {
        let names: Vec<String> = AgentKind::all().map(|kind| kind.to_string()).collect();
        assert_eq!(names.len(), 6);
        assert_eq!((&*names[0], &*names[5]), ("armv8-a", "armv8.6-a+i8mm-mlc"));
        let last = AgentKind { flavour: Flavour::MatrixProduct, feature: Some(Feature::Mlc) };
        assert_eq!(last.options(), "--mlc --flavour armv8.6-a+i8mm");
        assert_eq!(AgentKind::from(Flavour::Armv8).options(), "--flavour armv8-a");
    }

    #[test]
    fn compiled_models_need_the_feature() {
        assert_eq!(Feature::needed_by(&[EngineKind::Llama, EngineKind::Null]), None);
        assert_eq!(Feature::needed_by(&[EngineKind::Llama, EngineKind::TvmRelaxVm]), Some(Feature::Mlc));
    }
}
