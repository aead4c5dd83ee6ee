//! Building an agent for phones.

use super::{Agent, BINARY, Edition, Project, Shelf, Toolchain, headers::tvm_headers, toolchain::run_logged};
use crate::error::{Error, Result};

/// Builds an agent and puts it on the project's shelf. The first time takes minutes: the engine is
/// compiled once an edition, in a folder of its own, because `CMake` configures a folder once.
///
/// # Errors
/// [`Error::Input`] when tools are missing or the build fails; [`Error::Internal`] when the result cannot be kept.
pub fn build(project: &Project, toolchain: &Toolchain, edition: Edition) -> Result<Agent> {
    toolchain.prepare(project)?;
    let headers = edition.feature.map(|_| tvm_headers()).transpose()?;
    let shelf = Shelf::of(project)?;
    // Before the build, so that a change during it makes the agent look old, not new.
    let source_hash = project.source_hash()?;
    let target = toolchain.target();
    let folder = shelf.folder().join("build").join(toolchain.folder_name(edition));
    let mut command = toolchain.command(project, edition);
    command.arg("--quiet").arg("--target-dir").arg(&folder);
    if let Some(headers) = headers {
        command.env("TVM_FFI_INCLUDE", headers);
    }
    let status = run_logged(&mut command).map_err(|error| {
        Error::input(format!("cargo does not start: {error}"), "install Rust, see the README")
    })?;
    if !status.success() {
        return Err(Error::input(
            format!("the agent for {edition} phones could not be built ({status})"),
            "the compiler's words are above; ./test tells whether the rest builds",
        ));
    }
    shelf.put(&folder.join(target).join("release").join(BINARY), edition, target, source_hash)
}
