//! What is known of an attached phone, from its profile and from the phone.

use super::{
    Cluster, CpuSet, Flavour, Identity, Profiles, ReportedCores, Soc, big_cores, core_designs, read_cores,
};
use crate::{LinkError, Shell};
use serde::{Deserialize, Serialize};

/// The source of a phone's clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterSource {
    /// The phone, its clocks read from cpufreq.
    Phone,
    /// The profile, since the phone does not report them.
    Profile,
    /// Neither.
    Unknown,
}

/// A phone as it is measured: goes into the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhoneDescription {
    /// Name of the profile; `None` for a phone without one.
    pub profile: Option<String>,
    /// Name as its maker writes it, or the model that the phone reports.
    pub title: String,
    /// SoC as its maker writes it, or the name that the phone reports.
    pub soc: Option<String>,
    /// Its clusters, in the order of the CPUs' numbers.
    pub clusters: Vec<Cluster>,
    /// Their source.
    pub cluster_source: ClusterSource,
    /// Cores that a model runs on by default; empty where unknown.
    pub big_cores: CpuSet,
    /// The agent that the profile expects to fit; the phone's own features decide.
    pub agent: Option<Flavour>,
    /// Where profile and phone contradict each other, one line each.
    pub warnings: Vec<String>,
}

/// Reads a phone's properties and clusters, and combines them with its profile. Gives also the
/// fastest agent that all its cores can run, where they tell.
///
/// # Errors
/// The link's.
pub fn identify(
    shell: &dyn Shell,
    profiles: &Profiles,
) -> Result<(Identity, PhoneDescription, Option<Flavour>), LinkError> {
    let (identity, cores) = (Identity::read(shell)?, read_cores(shell)?);
    let flavour = cores.flavour;
    let described = describe(profiles, &identity, cores);
    Ok((identity, described, flavour))
}

/// Combines profile and phone. What the phone reports is used; a profile's clusters are for
/// a phone that does not report its own with their clocks, and for comparison.
pub fn describe(profiles: &Profiles, identity: &Identity, reported: ReportedCores) -> PhoneDescription {
    let found = profiles.find(identity);
    let soc = found.and_then(|found| found.soc);
    let mut warnings = Vec::new();
    if let (Some(found), None, Some(model)) = (found, soc, &identity.soc_model) {
        warnings.push(format!(
            "the profile {} does not know the SoC {model}; what the phone tells of its cores is used",
            found.phone.name
        ));
    }
    if let (Some(soc), Some(flavour)) = (soc, reported.flavour)
        && soc.agent != flavour
    {
        warnings.push(format!(
            "the phone's cores can run the agent {flavour}, the profile says {}; the phone's word counts",
            soc.agent
        ));
    }
    let (clusters, cluster_source) = choose_clusters(soc, reported.clusters, &mut warnings);
    let own_name = || {
        let words: Vec<&str> = [&identity.manufacturer, &identity.model]
            .into_iter()
            .filter_map(|word| word.as_deref())
            .collect();
        if words.is_empty() { "unknown phone".to_owned() } else { words.join(" ") }
    };
    PhoneDescription {
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

/// The phone's clusters, or the profile's where it does not tell its own.
fn choose_clusters(
    soc: Option<&Soc>,
    reported: Vec<Cluster>,
    warnings: &mut Vec<String>,
) -> (Vec<Cluster>, ClusterSource) {
    let Some(known) = soc.map(|soc| soc.clusters.clone()) else {
        let source = if reported.is_empty() { ClusterSource::Unknown } else { ClusterSource::Phone };
        return (reported, source);
    };
    if reported.is_empty() {
        warnings
            .push(format!("the phone does not tell its cores; the profile's ({}) are used", list(&known)));
        return (known, ClusterSource::Profile);
    }
    let has_clocks = reported.iter().all(|cluster| cluster.max_mhz.is_some());
    let fits = if has_clocks {
        known.len() == reported.len() && known.iter().zip(&reported).all(|(a, b)| a.agrees_with(b))
    } else {
        may_be_the_same(&known, &reported)
    };
    if !fits {
        warnings.push(format!(
            "the phone's cores ({}) are not those of the profile ({}); the phone's word counts",
            list(&reported),
            list(&known)
        ));
    } else if !has_clocks {
        warnings.push("the phone does not tell its cores' clocks; the profile's are used".to_owned());
        return (known, ClusterSource::Profile);
    }
    (reported, ClusterSource::Phone)
}

/// Whether clusters without clocks can be those of a profile: neighbours of one design may
/// be several clusters there.
fn may_be_the_same(known: &[Cluster], reported: &[Cluster]) -> bool {
    let all = |clusters: &[Cluster]| {
        clusters.iter().map(|cluster| cluster.cpus).fold(CpuSet::default(), CpuSet::union)
    };
    let contradicts = |known: &Cluster| {
        let same_cpus = reported.iter().filter(|reported| reported.cpus.overlaps(known.cpus));
        let mut named = same_cpus.filter(|reported| core_designs::is_known(&reported.core));
        core_designs::is_known(&known.core) && named.any(|reported| reported.core != known.core)
    };
    all(known) == all(reported) && !known.iter().any(contradicts)
}

fn list(clusters: &[Cluster]) -> String {
    let clusters: Vec<String> = clusters.iter().map(ToString::to_string).collect();
    clusters.join(", ")
}
