//! The headers of tvm-ffi, which an agent with TVM's bridge is compiled with.

use super::mlc_tool;
use slm_plan::error::{Error, Result};
use std::{env, path::PathBuf};

/// The folder named in `TVM_FFI_INCLUDE`, or that of the Python environment in which
/// `bench models make --format mlc` works, which is made if it is not there.
///
/// # Errors
/// [`Error::Input`] when there are none and none can be had.
pub(super) fn tvm_headers() -> Result<PathBuf> {
    let named = env::var_os("TVM_FFI_INCLUDE").filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = named.map_or_else(of_environment, Ok)?;
    // The build runs in the project's folder.
    let folder = folder.canonicalize().map_err(|error| Error::reading(&folder, &error))?;
    if folder.join("tvm/ffi/c_api.h").is_file() {
        return Ok(folder);
    }
    let what = format!("{} holds no headers of tvm-ffi (tvm/ffi/c_api.h)", folder.display());
    Err(Error::input(
        what,
        "`pip install apache-tvm-ffi`, then TVM_FFI_INCLUDE=$(tvm-ffi-config --includedir)",
    ))
}

fn of_environment() -> Result<PathBuf> {
    let mut command = mlc_tool()?;
    command.arg("--install-only");
    let output = command.output().map_err(|error| {
        Error::input(
            format!("python3 cannot be started: {error}"),
            "install python3 with venv, or set TVM_FFI_INCLUDE",
        )
    })?;
    let printed = String::from_utf8_lossy(&output.stdout);
    match printed.lines().last() {
        Some(folder) if output.status.success() => Ok(folder.trim().into()),
        _ => Err(Error::input(
            "the headers of tvm-ffi are not to be had",
            "the line above says why; or set TVM_FFI_INCLUDE",
        )),
    }
}
