//! This machine's agent: where it is, and how a process of it ended.

mod exit;

pub use exit::Exit;
pub(crate) use exit::in_words;

use slm_plan::error::{Error, Result};
use std::{env, io::Read, path::PathBuf};

/// How much of the agent's standard error is kept, bytes.
const STDERR_KEPT: usize = 8 << 10;

/// This machine's agent: `SLM_AGENT`, or beside this program.
///
/// # Errors
/// [`Error::Input`] when there is none.
pub fn find_agent() -> Result<PathBuf> {
    present(agent_path())
}

/// Where the agent should be, whether or not it is there.
pub fn agent_path() -> PathBuf {
    let beside = env::current_exe().ok().map(|path| path.with_file_name("slm-agent"));
    env::var_os("SLM_AGENT").map(PathBuf::from).or(beside).unwrap_or_default()
}

/// The path, if there is a file.
///
/// # Errors
/// [`Error::Input`] when there is none.
pub fn present(agent: PathBuf) -> Result<PathBuf> {
    if agent.is_file() {
        Ok(agent)
    } else {
        let what = format!("there is no agent at {}", agent.display());
        Err(Error::input(
            what,
            "build it with `cargo build --release -p slm-agent`, or start bench by ./bench",
        ))
    }
}

/// The end of a stream, as text.
pub fn tail(mut stream: impl Read) -> String {
    let (mut kept, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut chunk) {
        kept.extend_from_slice(&chunk[..read]);
        kept.drain(..kept.len().saturating_sub(STDERR_KEPT));
    }
    String::from_utf8_lossy(&kept).into_owned()
}
