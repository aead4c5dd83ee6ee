//! How much of a file is in the page cache: distinguishes a cold load from a warm one.
#![allow(unsafe_code)] // rustix has no mincore

use rustix::mm::{MapFlags, ProtFlags};
use std::{
    fs::{self, File},
    path::Path,
    ptr,
};

/// Size of a file, or of the files in a folder; 0 for what is not there.
pub(crate) fn bytes(path: &Path) -> u64 {
    let of = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let Ok(folder) = fs::read_dir(path) else { return of(path) };
    folder.flatten().filter(|entry| entry.path().is_file()).map(|entry| of(&entry.path())).sum()
}

/// Share of the file's pages in the page cache, 0 to 1. `None` where the kernel
/// does not say, and for an empty file.
pub(crate) fn cached_fraction(path: &Path) -> Option<f64> {
    let file = File::open(path).ok()?;
    let length = usize::try_from(file.metadata().ok()?.len()).ok()?;
    if length == 0 {
        return None;
    }
    let mut pages = vec![0u8; length.div_ceil(rustix::param::page_size())];
    // SAFETY: a fresh mapping at an address of the kernel's choice aliases nothing;
    // it is never read, so that truncation by someone else cannot fault.
    let address = unsafe {
        rustix::mm::mmap(ptr::null_mut(), length, ProtFlags::READ, MapFlags::SHARED, &file, 0).ok()?
    };
    // SAFETY: the range is the mapping above, and `pages` has one byte per page of it.
    let status = unsafe { libc::mincore(address, length, pages.as_mut_ptr()) };
    // SAFETY: the mapping above, unmapped once; nothing points into it.
    let _ = unsafe { rustix::mm::munmap(address, length) };
    let cached = pages.iter().filter(|page| **page & 1 == 1).count();
    (status == 0).then(|| cached as f64 / pages.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_just_written_is_cached_and_an_empty_one_says_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(cached_fraction(file.path()), None);
        fs::write(file.path(), vec![7u8; 1 << 20]).unwrap();
        assert!(cached_fraction(file.path()).is_some_and(|share| share > 0.9));
        assert_eq!(cached_fraction(Path::new("/nonexistent")), None);
    }
}
