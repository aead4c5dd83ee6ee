//! Agents for phones: static binaries for aarch64 in several flavours, built on this
//! machine, kept with a manifest each, and refused when they do not fit this `bench`.

mod build;
mod flavour;
mod manifest;
mod project;
mod shelf;
mod toolchain;

pub use build::build;
pub use flavour::Flavour;
pub use manifest::{AGENT_VERSION, Manifest};
pub use project::Project;
pub use shelf::{Agent, BINARY, Shelf};
pub use toolchain::Toolchain;

use crate::{error::Result, show};

/// The built agent of a flavour.
///
/// # Errors
/// [`crate::error::Error::Input`] with the remedy `bench agent build`.
pub fn find(flavour: Flavour) -> Result<Agent> {
    Shelf::open()?.find(flavour)
}

/// The agent of a flavour, built now if it is not there or not from the present
/// sources; that takes minutes.
///
/// # Errors
/// As [`find`] and [`build()`].
pub fn ensure(flavour: Flavour) -> Result<Agent> {
    let shelf = Shelf::open()?;
    shelf.find(flavour).or_else(|missing| {
        // A folder of agents that the user names is the user's to fill.
        let project = if std::env::var_os("SLM_AGENTS").is_some() { None } else { Project::find().ok() };
        let Some(project) = project else { return Err(missing) };
        show::note(&format!("building the agent for {flavour} phones; the first time takes minutes"));
        build(&project, &Toolchain::find(false)?, flavour)
    })
}
