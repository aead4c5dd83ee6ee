//! Whether a result may be written where it is to go: never over its source, by
//! whatever name.

use slm_models::PartialFile;
use slm_plan::{
    error::{Error, Result},
    text::bytes,
};
use std::{fs, os::unix::fs::MetadataExt, path::Path};

/// Space to leave free on the disk, bytes.
const RESERVE: u64 = 16 << 20;

/// Refuses an output or a temporary file that is the input itself (a hard link or a
/// symbolic one included), and an output that is no plain file.
pub(super) fn check(input: &Path, output: &Path, part: &Path) -> Result<()> {
    let source = fs::metadata(input).map_err(|error| Error::reading(input, &error))?;
    for place in [output, part] {
        // Links are followed: the file behind them counts.
        let Ok(there) = fs::metadata(place) else { continue };
        if (there.dev(), there.ino()) == (source.dev(), source.ino()) {
            let what = format!("{} is the source {} itself", place.display(), input.display());
            return Err(Error::input(what, "choose another file to write"));
        }
        if !there.is_file() {
            let what = format!("{} is a folder or device", place.display());
            return Err(Error::input(what, "name the file to write"));
        }
    }
    Ok(())
}

/// Whether the disk of a temporary file has room for so many bytes.
pub(super) fn check_space(part: &PartialFile, needed: u64) -> Result<()> {
    // A file system that does not tell is tried.
    let Ok(space) = rustix::fs::fstatvfs(part.file()) else { return Ok(()) };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    if needed.saturating_add(RESERVE) <= free {
        return Ok(());
    }
    let what = format!("{} needs {}, its disk has {}", part.path().display(), bytes(needed), bytes(free));
    Err(Error::input(what, "free some space or choose another place"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_source_is_known_by_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("in"), "x").unwrap();
        fs::write(path("other"), "x").unwrap();
        fs::hard_link(path("in"), path("hard")).unwrap();
        symlink(path("in"), path("soft")).unwrap();
        let allowed = |output: &str, part: &str| check(&path("in"), &path(output), &path(part)).is_ok();
        assert!(allowed("new", "new.part") && allowed("other", "new.part"));
        for name in ["in", "hard", "soft", "."] {
            assert!(!allowed(name, "new.part") && !allowed("new", name), "{name}");
        }
        assert!(check(&path("in"), Path::new("/dev/null"), &path("new.part")).is_err());
    }
}
