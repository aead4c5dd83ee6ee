//! Where the kernel's files about the machine are: `/`, or the folder that a test
//! names in `SLM_AGENT_ROOT` (`$SLM_AGENT_ROOT/sys/class/thermal/…`). What the kernel
//! reports of this process alone is always read from the real `/proc`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

static ROOT: OnceLock<PathBuf> = OnceLock::new();

fn root() -> &'static Path {
    ROOT.get_or_init(|| env::var_os("SLM_AGENT_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from))
}

/// Where a file is that the machine has at `/{path}`.
pub(crate) fn path(path: &str) -> PathBuf {
    root().join(path)
}

/// The text of a file that the machine has at `/{path}`.
pub(crate) fn read(path: &str) -> Option<String> {
    fs::read_to_string(self::path(path)).ok()
}
