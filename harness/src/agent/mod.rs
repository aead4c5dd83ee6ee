//! Agents for phones: binaries for aarch64 in several flavours, static but for those with
//! TVM's bridge, built on this machine, kept with a manifest each, and refused when they do not fit this `bench`.

mod build;
mod edition;
mod flavour;
mod headers;
mod manifest;
mod mlc_tool;
mod prepare;
mod project;
mod shelf;
mod toolchain;

pub use build::build;
pub use edition::{Edition, Feature};
pub use flavour::Flavour;
pub use manifest::{AGENT_VERSION, Manifest};
pub use mlc_tool::mlc_tool;
pub use project::Project;
pub use shelf::{Agent, BINARY, Shelf};
pub use toolchain::Toolchain;

use crate::{error::Result, show};

/// A built agent.
///
/// # Errors
/// [`crate::error::Error::Input`] with the remedy `bench agent build`.
pub fn find(edition: Edition) -> Result<Agent> {
    Shelf::open()?.find(edition)
}

/// An agent, built now if it is not there or not from the present sources; that takes
/// minutes. One with a further engine is only built when the user says so: it needs what
/// must be downloaded.
///
/// # Errors
/// As [`find`] and [`build()`].
pub fn ensure(edition: Edition) -> Result<Agent> {
    let shelf = Shelf::open()?;
    shelf.find(edition).or_else(|missing| {
        // A folder of agents that the user names is the user's to fill.
        let to_build = std::env::var_os("SLM_AGENTS").is_none() && edition.feature.is_none();
        let project = if to_build { Project::find().ok() } else { None };
        let Some(project) = project else { return Err(missing) };
        show::note(&format!("building the agent for {edition} phones; the first time takes minutes"));
        build(&project, &Toolchain::find(false)?, edition)
    })
}
