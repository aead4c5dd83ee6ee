//! What a file's content is called: its hash, which is checked after a download.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

/// The hub's name for a content (its `ETag`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobId {
    /// SHA-256 of a large file, in hexadecimal.
    Sha256(String),
    /// Git's SHA-1 of a small file (`blob`, its length and its bytes), in hexadecimal.
    Git(String),
}

impl BlobId {
    /// Reads an `ETag`: the hash in quotation marks, perhaps marked as weak.
    pub(super) fn of_etag(etag: &str) -> Option<Self> {
        let text = etag.trim().trim_start_matches("W/").trim_matches('"');
        let is_hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        match text.len() {
            64 if is_hex => Some(Self::Sha256(text.to_owned())),
            40 if is_hex => Some(Self::Git(text.to_owned())),
            _ => None,
        }
    }

    /// The hash in hexadecimal.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sha256(hash) | Self::Git(hash) => hash,
        }
    }

    /// The same hash of a file.
    pub(super) fn of_file(&self, path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        match self {
            Self::Sha256(_) => hash(&mut file, Sha256::new()).map(Self::Sha256),
            Self::Git(_) => {
                let start = format!("blob {}\0", file.metadata()?.len());
                hash(&mut file, Sha1::new_with_prefix(start)).map(Self::Git)
            }
        }
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn hash(file: &mut File, mut digest: impl Digest) -> io::Result<String> {
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(slm_plan::digest::hex(&digest.finalize())),
            read => digest.update(&piece[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hashes_are_those_of_git_and_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "hello\n").unwrap();
        // `git hash-object` and `sha256sum` of a file with that line.
        let git = BlobId::of_etag("W/\"ce013625030ba8dba906f756967f9e9ca394464a\"").unwrap();
        let large =
            BlobId::of_etag("\"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\"").unwrap();
        assert_eq!(git.of_file(&path).unwrap(), git);
        assert_eq!(large.of_file(&path).unwrap(), large);
    }

    proptest! {
        #[test]
        fn only_hashes_become_names_of_files(text in "\"?[0-9a-fA-F./]{38,66}\"?|.{0,70}") {
            if let Some(id) = BlobId::of_etag(&text) {
                prop_assert!(id.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
                prop_assert!(matches!(id.as_str().len(), 40 | 64));
            }
        }
    }
}
