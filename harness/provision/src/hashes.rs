//! Hashes of model files, each computed once: several types are made of one source, and a
//! source is measured as it is, too.

use slm_models::Part;
use slm_plan::{
    digest::sha256_file,
    error::{Error, Result},
    model_sha256,
};
use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
};

/// What was hashed while the models of a command are resolved.
#[derive(Debug, Default)]
pub(crate) struct Hashes(RefCell<HashMap<PathBuf, String>>);

impl Hashes {
    /// SHA-256 of a file, as lower-case hex.
    ///
    /// # Errors
    /// [`Error::Input`] when it cannot be read.
    pub(crate) fn of(&self, path: &Path) -> Result<String> {
        let failed = |error| Error::reading(path, &error);
        let file = path.canonicalize().map_err(failed)?;
        if let Some(known) = self.0.borrow().get(&file) {
            return Ok(known.clone());
        }
        let sha256 = sha256_file(&file).map_err(failed)?;
        self.0.borrow_mut().insert(file, sha256.clone());
        Ok(sha256)
    }

    /// What tells a model from others ([`model_sha256`]).
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(crate) fn of_model(&self, parts: &[Part]) -> Result<String> {
        let hashes: Vec<String> = parts.iter().map(|part| self.of(&part.path)).collect::<Result<_>>()?;
        Ok(model_sha256(&hashes.iter().map(String::as_str).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_part_counts() {
        let folder = tempfile::tempdir().unwrap();
        let parts = ["a", "b"].map(|name| Part { path: folder.path().join(name), bytes: 3 });
        for part in &parts {
            fs::write(&part.path, "one").unwrap();
        }
        let of = |parts: &[Part]| Hashes::default().of_model(parts).unwrap();
        let first = of(&parts);
        assert_eq!(of(&parts[..1]), Hashes::default().of(&parts[0].path).unwrap());
        fs::write(&parts[1].path, "two").unwrap();
        assert_ne!(of(&parts), first);
    }

    #[test]
    fn a_file_is_read_once_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "one").unwrap();
        let hashes = Hashes::default();
        let first = hashes.of(&file).unwrap();
        // Were it read again, this would show.
        fs::write(&file, "two").unwrap();
        assert_eq!(hashes.of(&folder.path().join(".").join("a")).unwrap(), first);
        assert_ne!(Hashes::default().of(&file).unwrap(), first);
        assert!(hashes.of(&folder.path().join("b")).is_err());
    }
}
