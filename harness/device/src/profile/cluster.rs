//! Clusters: cores of one design at one clock.

use super::CpuSet;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a cluster's cores are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterKind {
    /// Efficiency cores: a model that runs on one of them waits for it at every layer.
    Little,
    /// Performance cores, but not the fastest.
    Middle,
    /// The fastest cores.
    Big,
}

/// Cores of one design at one clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Their numbers.
    pub cpus: CpuSet,
    /// Design: `Cortex-A720`, or implementer and part where the name is not known.
    pub core: String,
    /// Highest clock, MHz; `None` where it is unknown.
    pub max_mhz: Option<f64>,
    /// What they are for.
    pub kind: ClusterKind,
}

/// A share by which a clock of a profile may differ from the phone's: profiles
/// have published values, which are rounded.
const CLOCK_TOLERANCE: f64 = 0.05;

impl Cluster {
    /// Whether two descriptions can be of the same cores.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let clocks = match (self.max_mhz, other.max_mhz) {
            (Some(a), Some(b)) => (a - b).abs() <= CLOCK_TOLERANCE * a.max(b),
            _ => true,
        };
        self.cpus == other.cpus && self.kind == other.kind && clocks
    }
}

impl fmt::Display for Cluster {
    /// `4-6 Cortex-A720 2.60 GHz`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cpus, self.core)?;
        self.max_mhz.map_or(Ok(()), |mhz| write!(f, " {:.2} GHz", mhz / 1000.0))
    }
}

/// The cores that a model runs on by default: all but the efficiency cores. The
/// slowest core sets the pace of a layer, so those make it slower, not faster.
pub fn big_cores(clusters: &[Cluster]) -> CpuSet {
    let fast = clusters.iter().filter(|cluster| cluster.kind != ClusterKind::Little);
    fast.map(|cluster| cluster.cpus).fold(CpuSet::default(), CpuSet::union)
}
