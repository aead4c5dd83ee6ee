//! What a build of an agent is at, for whoever shows it.

use super::AgentKind;

/// A step that takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildStep {
    /// A target of Rust's is added by rustup.
    AddingTarget(&'static str),
    /// A package is installed by apt-get.
    Installing(&'static str),
    /// The agent is compiled, which takes minutes.
    Building(AgentKind),
}

/// Whoever is told.
pub type TellBuild<'a> = &'a dyn Fn(BuildStep);
