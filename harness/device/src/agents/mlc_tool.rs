//! The Python package that compiles model libraries: `bench` carries it and unpacks it into its cache.

use slm_plan::error::{Error, Result};
use slm_provision::cache_folder;
use std::process::{Command, Stdio};

/// Python with the package, in an environment below the cache that it makes itself. Its own words go to stderr as they
/// come.
///
/// # Errors
/// [`Error::Input`] when the cache cannot be written.
pub fn mlc_tool() -> Result<Command> {
    let cache = cache_folder();
    let tool = slm_mlc_tool::unpack(&cache).map_err(|error| {
        Error::input(
            format!("cannot write to {}: {error}", cache.display()),
            "choose a writable folder with SLM_BENCH_CACHE",
        )
    })?;
    let mut command = Command::new("python3");
    command.arg(tool).arg("--environment").arg(cache.join("mlc-python"));
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    Ok(command)
}
