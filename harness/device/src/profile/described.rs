//! What is known of an attached phone, from its profile and from itself.

use super::{Cluster, CpuSet, Flavour, Identity, Profiles, big_cores, read_clusters};
use crate::{LinkError, Shell};
use serde::{Deserialize, Serialize};

/// Where a phone's clusters are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterSource {
    /// The phone, its clocks read from cpufreq.
    Phone,
    /// The profile: the phone does not tell.
    Profile,
    /// Neither.
    Unknown,
}

/// A phone as it is measured: goes into the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Described {
    /// Name of the profile; `None` for a phone without one.
    pub profile: Option<String>,
    /// Name as its maker writes it, or what it says of itself.
    pub title: String,
    /// SoC as its maker writes it, or what the phone says of it.
    pub soc: Option<String>,
    /// Its clusters, in the order of the CPUs' numbers.
    pub clusters: Vec<Cluster>,
    /// Where they are from.
    pub cluster_source: ClusterSource,
    /// Cores that a model runs on by default; empty where unknown.
    pub big_cores: CpuSet,
    /// The agent that the profile expects to fit; the phone's own features decide.
    pub agent: Option<Flavour>,
    /// What does not fit together, one line each.
    pub warnings: Vec<String>,
}

/// Asks a phone who it is and puts together what is known of it.
///
/// # Errors
/// The link's.
pub fn recognise(shell: &dyn Shell, profiles: &Profiles) -> Result<(Identity, Described), LinkError> {
    let identity = Identity::read(shell)?;
    let described = describe(profiles, &identity, read_clusters(shell)?);
    Ok((identity, described))
}

/// Puts together what profile and phone tell. The phone's own word counts: clusters
/// of a profile are for a phone that does not tell them, and for comparison.
pub fn describe(profiles: &Profiles, identity: &Identity, told: Vec<Cluster>) -> Described {
    let found = profiles.find(identity);
    let soc = found.and_then(|found| found.soc);
    let mut warnings = Vec::new();
    if let (Some(found), None, Some(model)) = (found, soc, &identity.soc_model) {
        warnings.push(format!(
            "the profile {} does not know the SoC {model}; what the phone tells of its cores is used",
            found.phone.name
        ));
    }
    let known = soc.map(|soc| soc.clusters.clone());
    let complete = !told.is_empty() && told.iter().all(|cluster| cluster.max_mhz.is_some());
    if let Some(known) = known.as_ref().filter(|_| complete)
        && !(known.len() == told.len() && known.iter().zip(&told).all(|(a, b)| a.agrees_with(b)))
    {
        warnings.push(format!(
            "the phone's cores ({}) are not those of the profile ({}); the phone's word counts",
            list(&told),
            list(known)
        ));
    }
    let (clusters, cluster_source) = match known {
        _ if complete => (told, ClusterSource::Phone),
        Some(known) => (known, ClusterSource::Profile),
        None if !told.is_empty() => (told, ClusterSource::Phone),
        None => (Vec::new(), ClusterSource::Unknown),
    };
    let own_name = || {
        let words: Vec<&str> = [&identity.manufacturer, &identity.model]
            .into_iter()
            .filter_map(|word| word.as_deref())
            .collect();
        if words.is_empty() { "unknown phone".to_owned() } else { words.join(" ") }
    };
    Described {
        profile: found.map(|found| found.phone.name.clone()),
        title: found.map_or_else(own_name, |found| found.phone.title.clone()),
        soc: soc
            .map(|soc| soc.title.clone())
            .or_else(|| identity.soc_model.clone())
            .or_else(|| identity.board_platform.clone()),
        big_cores: big_cores(&clusters),
        clusters,
        cluster_source,
        agent: soc.map(|soc| soc.agent),
        warnings,
    }
}

fn list(clusters: &[Cluster]) -> String {
    let clusters: Vec<String> = clusters.iter().map(ToString::to_string).collect();
    clusters.join(", ")
}
