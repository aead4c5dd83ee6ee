//! Profiles: what is known of a kind of phone before it is attached, and which of
//! the attached phones a name means.

mod attached;
mod cluster;
mod cores;
mod cpus;
mod described;
mod file;
mod identity;
mod set;
#[cfg(test)]
mod tests;
mod topology;

pub use attached::{Attached, pick};
pub use cluster::{Cluster, Kind, big_cores};
pub use cpus::{CpuSet, NotCpus};
pub use described::{ClusterSource, Described, describe, recognise};
pub use file::{Phone, Soc, Variant};
pub use identity::Identity;
pub use set::{Match, Profiles, normal_name};
pub use topology::read_clusters;

pub use crate::agents::Flavour;
