//! The Python package `slm_mlc` inside a program, so that `bench` makes model libraries outside of a checkout, too.

use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// What the package is made of, by its path in this folder. `pyproject.toml` is for installing it, which is not done.
const FILES: &[(&str, &str)] = &[
    ("__main__.py", include_str!("../__main__.py")),
    ("slm_mlc/__init__.py", include_str!("../slm_mlc/__init__.py")),
    ("slm_mlc/decoder.py", include_str!("../slm_mlc/decoder.py")),
    ("slm_mlc/library.py", include_str!("../slm_mlc/library.py")),
    ("slm_mlc/make.py", include_str!("../slm_mlc/make.py")),
    ("slm_mlc/requirements.txt", include_str!("../slm_mlc/requirements.txt")),
    ("slm_mlc/runtime.py", include_str!("../slm_mlc/runtime.py")),
    ("slm_mlc/weights.py", include_str!("../slm_mlc/weights.py")),
];

/// Writes the package into a folder of `cache` that is named after its contents, so that no other version is met there,
/// and gives that folder: what Python is started with.
///
/// # Errors
/// Those of writing.
pub fn unpack(cache: &Path) -> io::Result<PathBuf> {
    let folder = cache.join(format!("mlc-tool-{}", contents_hash()));
    for (name, text) in FILES {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        // Whole or not at all: another process may be starting Python there.
        let part = path.with_extension(format!("part-{}", std::process::id()));
        fs::write(&part, text)?;
        fs::rename(&part, &path)?;
    }
    Ok(folder)
}

/// The first digits of the SHA-256 over names and contents.
fn contents_hash() -> String {
    let mut digest = Sha256::new();
    for (name, text) in FILES {
        digest.update(format!("{name}\0{}\0{text}", text.len()));
    }
    digest.finalize().iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_package_is_carried() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut there = vec!["__main__.py".to_owned()];
        for entry in fs::read_dir(here.join("slm_mlc")).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                there.push(format!("slm_mlc/{}", entry.file_name().to_string_lossy()));
            }
        }
        there.sort();
        assert_eq!(FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), there);
    }

    #[test]
    fn every_package_is_pinned_exactly() {
        let (_, text) = FILES.iter().find(|(name, _)| *name == "slm_mlc/requirements.txt").unwrap();
        let packages: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(packages.len() >= 3, "{packages:?}");
        for package in packages {
            let (name, version) =
                package.split_once("==").unwrap_or_else(|| panic!("{package} is not pinned"));
            assert!(!name.is_empty() && !version.contains(['*', '<', '>', ',', ' ']), "{package}");
        }
    }

    #[test]
    fn what_is_there_is_kept_and_what_was_changed_is_mended() {
        let cache = tempfile::tempdir().unwrap();
        let folder = unpack(cache.path()).unwrap();
        assert!(folder.starts_with(cache.path()));
        let changed = folder.join("slm_mlc/make.py");
        let kept = folder.join("slm_mlc/weights.py");
        let time = fs::metadata(&kept).unwrap().modified().unwrap();
        fs::write(&changed, "import nothing").unwrap();
        assert_eq!(unpack(cache.path()).unwrap(), folder);
        for (name, text) in FILES {
            assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), *text);
        }
        assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), time);
        let files = fs::read_dir(folder.join("slm_mlc")).unwrap().count();
        assert_eq!(files, FILES.len() - 1, "no part is left");
    }
}
