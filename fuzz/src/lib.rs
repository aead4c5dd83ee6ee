//! What the fuzz targets share: a folder in which one file holds what the fuzzer made.

use slm_import::{Embeddings, Import, Request};
use slm_models::FileType;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use tempfile::TempDir;

/// In memory where the system has such a place: a file is written at every run.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for the fuzzed file")
}

/// A file with this content, at the same place in every run of a process.
pub fn file(content: &[u8]) -> PathBuf {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(folder);
    let path = FOLDER.path().join("file");
    fs::write(&path, content).expect("a file");
    path
}

/// Reads a checkpoint that is whole but for one file, as `bench models import` does before it
/// writes anything. A panic, a hang or memory without end is what the fuzzer looks for; any
/// answer is right.
pub fn import(checkpoint: &str, name: &str, content: &[u8]) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(folder);
    let folder = FOLDER.path();
    if !folder.join("config.json").exists() {
        let whole =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../import/tests/checkpoints").join(checkpoint);
        for entry in fs::read_dir(whole).expect("a checkpoint of the tests").flatten() {
            fs::copy(entry.path(), folder.join(entry.file_name())).expect("a copy");
        }
    }
    fs::write(folder.join(name), content).expect("a file");
    let request = Request {
        folder: folder.to_owned(),
        tokenizer: None,
        weights: FileType::Q4_0,
        embeddings: Embeddings::Same,
        name: None,
        repository: None,
        commit: None,
    };
    drop(Import::read(request));
}

/// A zip archive as torch writes it, with this pickle: entries stored, no check sums.
pub fn archive(pickle: &[u8]) -> Vec<u8> {
    let entries: [(&str, &[u8]); 2] = [("archive/data.pkl", pickle), ("archive/data/0", &[0; 64])];
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let start = length(&bytes);
        let sizes = [length(content), length(content)].map(u32::to_le_bytes).concat();
        let lengths = [u16::try_from(name.len()).expect("a short name").to_le_bytes(), [0; 2]].concat();
        bytes.extend(
            [&b"PK\x03\x04"[..], &[0; 10], &[0; 4], &sizes, &lengths, name.as_bytes(), content].concat(),
        );
        directory.extend([&b"PK\x01\x02"[..], &[0; 12], &[0; 4], &sizes, &lengths, &[0; 10]].concat());
        directory.extend([&start.to_le_bytes()[..], name.as_bytes()].concat());
    }
    let start = length(&bytes);
    let counts = [2u16, 2].map(u16::to_le_bytes).concat();
    let end = [
        &b"PK\x05\x06"[..],
        &[0; 4],
        &counts,
        &length(&directory).to_le_bytes(),
        &start.to_le_bytes(),
        &[0; 2],
    ];
    bytes.extend(directory);
    bytes.extend(end.concat());
    bytes
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("less than 4 GiB")
}
