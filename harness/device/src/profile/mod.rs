//! Profiles: what is known of a phone before it is attached, and which of the attached
//! phones a name stands for.

mod cluster;
mod core_designs;
mod cpu_set;
mod description;
mod file;
mod identity;
mod pick;
mod profiles;
#[cfg(test)]
mod tests;
mod topology;

pub use cluster::{Cluster, ClusterKind, big_cores};
pub use cpu_set::{CpuSet, InvalidCpuSet};
pub use description::{ClusterSource, PhoneDescription, describe, identify};
pub use file::{Phone, Soc, Variant};
pub use identity::Identity;
pub use pick::{Candidate, pick};
pub use profiles::{ProfileMatch, Profiles, normal_name};
pub use topology::{ReportedCores, read_cores};

pub use crate::agents::Flavour;
