//! Building an agent for phones.

use super::{
    Agent, AgentKind, AgentStore, BINARY, BuildStep, Project, TellBuild, Toolchain, headers::tvm_headers,
    logged::run_logged,
};
use slm_plan::error::{Error, Result};

/// Builds an agent and keeps it among the project's agents. The first time takes minutes: the engine is
/// compiled once for each kind, in a folder of its own, because `CMake` configures a folder once.
///
/// # Errors
/// [`Error::Input`] when tools are missing or the build fails; [`Error::Internal`] when the result cannot be kept.
pub fn build(
    project: &Project,
    toolchain: &Toolchain,
    kind: AgentKind,
    tell: TellBuild<'_>,
) -> Result<Agent> {
    toolchain.prepare(project, tell)?;
    tell(BuildStep::Building(kind));
    let headers = kind.feature.map(|_| tvm_headers()).transpose()?;
    let store = AgentStore::of(project)?;
    // Before the build, so that a change during it makes the agent look old, not new.
    let source_hash = project.source_hash()?;
    let target = toolchain.target();
    let folder = store.folder().join("build").join(toolchain.folder_name(kind));
    let mut command = toolchain.command(project, kind);
    command.arg("--quiet").arg("--target-dir").arg(&folder);
    if let Some(headers) = headers {
        command.env("TVM_FFI_INCLUDE", headers);
    }
    let status = run_logged(&mut command).map_err(|error| {
        Error::input(format!("cargo does not start: {error}"), "install Rust, see the README")
    })?;
    if !status.success() {
        return Err(Error::input(
            format!("the agent for {kind} phones could not be built ({status})"),
            "the compiler's words are above; ./test tells whether the rest builds",
        ));
    }
    store.put(&folder.join(target).join("release").join(BINARY), kind, target, source_hash)
}
