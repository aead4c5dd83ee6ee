//! Files of the repository that tests read.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository's own folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A committed table of published figures.
pub fn baseline(name: &str) -> PathBuf {
    root().join("results/baselines").join(name)
}

/// A small checkpoint in the form of the hub.
pub fn checkpoint(name: &str) -> PathBuf {
    root().join("import/tests/checkpoints").join(name)
}

/// Copies the files of a folder into another, which is made.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
