//! Agents for phones: binaries for aarch64 in several flavours, static but for those with
//! TVM's bridge, built on this machine, kept with a manifest each, and refused when they do not fit this `bench`.

mod build;
mod flavour;
mod headers;
mod kind;
mod logged;
mod mlc_tool;
mod prepare;
mod project;
mod record;
mod step;
mod store;
mod toolchain;

pub use build::build;
pub use flavour::Flavour;
pub use kind::{AgentKind, Feature};
pub use mlc_tool::mlc_tool;
pub use project::Project;
pub use record::{AGENT_VERSION, AgentRecord};
pub use step::{BuildStep, TellBuild};
pub use store::{Agent, AgentStore, BINARY};
pub use toolchain::Toolchain;

use slm_plan::error::Result;

/// A built agent.
///
/// # Errors
/// [`slm_plan::error::Error::Input`] with the remedy `bench agent build`.
pub fn find(kind: AgentKind) -> Result<Agent> {
    AgentStore::open()?.find(kind)
}

/// An agent, built now if it is not there or not from the present sources; that takes
/// minutes. One with a further engine is only built when the user says so: it needs what
/// must be downloaded.
///
/// # Errors
/// As [`find`] and [`build()`].
pub fn ensure(kind: AgentKind, tell: TellBuild<'_>) -> Result<Agent> {
    let store = AgentStore::open()?;
    store.find(kind).or_else(|missing| {
        // A folder of agents that the user names is the user's to fill.
        let to_build = std::env::var_os("SLM_AGENTS").is_none() && kind.feature.is_none();
        let project = if to_build { Project::find().ok() } else { None };
        let Some(project) = project else { return Err(missing) };
        build(&project, &Toolchain::find(false)?, kind, tell)
    })
}
