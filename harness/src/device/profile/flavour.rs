//! Builds of the agent for phones, by the instructions that they need.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A build of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Flavour {
    /// Any 64-bit Arm core.
    #[serde(rename = "armv8-a")]
    Armv8,
    /// Half-precision arithmetic and dot products: Cortex-A55, A75 and newer.
    #[serde(rename = "armv8.2-a+fp16+dotprod")]
    Armv82,
    /// Matrix products of bytes as well: every Armv9 core of a phone.
    #[serde(rename = "armv8.6-a+i8mm")]
    Armv86,
}

impl Flavour {
    /// Name, as in the profiles and in the agent's facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Armv8 => "armv8-a",
            Self::Armv82 => "armv8.2-a+fp16+dotprod",
            Self::Armv86 => "armv8.6-a+i8mm",
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
