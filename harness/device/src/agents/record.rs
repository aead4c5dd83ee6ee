//! What is known of an agent for phones: a JSON file beside the binary.

use super::{AgentKind, Feature, Flavour};
use serde::{Deserialize, Serialize};
use slm_protocol::Version;

/// The version that agents of this build have.
pub const AGENT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Who a built agent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRecord {
    /// The agent's version; one workspace gives one to all programs.
    pub version: String,
    /// The protocol it speaks.
    pub protocol: Version,
    /// The instruction set it needs.
    pub flavour: Flavour,
    /// Engines beside the ordinary ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Feature>,
    /// Rust target triple.
    pub target: String,
    /// Bytes of the binary.
    pub size: u64,
    /// SHA-256 of the binary, lower-case hex.
    pub sha256: String,
    /// SHA-256 of the sources it was built from, see [`super::Project::source_hash`].
    pub source_sha256: String,
}

impl AgentRecord {
    /// Why this `bench` cannot work with that agent, if so.
    pub fn objection(&self, wanted: AgentKind) -> Option<String> {
        if self.flavour != wanted.flavour {
            return Some(format!("it was built for {}", self.flavour));
        }
        if !self.features.iter().eq(&wanted.feature) {
            let names: Vec<&str> = self.features.iter().map(|feature| (*feature).into()).collect();
            let names = if names.is_empty() {
                "without further engines".to_owned()
            } else {
                format!("with {}", names.join(", "))
            };
            return Some(format!("it was built {names}"));
        }
        if self.version != AGENT_VERSION {
            return Some(format!("it is of version {}, this bench of {AGENT_VERSION}", self.version));
        }
        self.protocol
            .check()
            .err()
            .map(|mismatch| format!("it speaks protocol {}, this bench {}", mismatch.theirs, mismatch.ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_protocol_or_flavour_is_refused() {
        let good = AgentRecord {
            version: AGENT_VERSION.to_owned(),
            protocol: slm_protocol::VERSION,
            flavour: Flavour::DotProduct,
            features: Vec::new(),
            target: "aarch64-unknown-linux-gnu".to_owned(),
            size: 1,
            sha256: String::new(),
            source_sha256: String::new(),
        };
        assert_eq!(good.objection(Flavour::DotProduct.into()), None);
        let with = AgentKind { flavour: Flavour::DotProduct, feature: Some(Feature::Mlc) };
        assert!(good.objection(with).is_some_and(|why| why.contains("without further engines")));
        let other = AgentRecord { features: vec![Feature::Mlc], ..good.clone() };
        assert_eq!(other.objection(with), None);
        assert!(other.objection(Flavour::DotProduct.into()).is_some_and(|why| why.contains("with mlc")));
        assert!(good.objection(Flavour::Armv8.into()).is_some_and(|why| why.contains("built for armv8.2-a")));
        let old = AgentRecord { version: "0.0.1".to_owned(), ..good.clone() };
        assert!(old.objection(Flavour::DotProduct.into()).is_some_and(|why| why.contains("0.0.1")));
        let other = Version { major: slm_protocol::VERSION.major + 1, minor: 0 };
        let foreign = AgentRecord { protocol: other, ..good };
        assert!(foreign.objection(Flavour::DotProduct.into()).is_some_and(|why| why.contains("protocol")));
    }
}
