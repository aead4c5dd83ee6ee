//! Names on the hub. They come from the command line and from the hub's answers,
//! and become parts of URLs and of paths: only what is harmless there gets a type.

use std::{fmt, str::FromStr};
use thiserror::Error;

/// Longest part of a repository's name, bytes (the hub's own rule).
const MAX_NAME: usize = 96;
/// Longest revision, bytes.
const MAX_REVISION: usize = 200;
/// Longest file name with its folders, and longest part of it, bytes.
const MAX_FILE: usize = 1024;
const MAX_PART: usize = 255;

/// A name that is not taken, and why.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{name:?} is no {kind}: {problem}")]
pub struct NameError {
    name: String,
    kind: &'static str,
    problem: &'static str,
}

fn refuse<T>(name: &str, kind: &'static str, problem: &'static str) -> Result<T, NameError> {
    // Long nonsense is cut: the message is one line.
    Err(NameError { name: name.chars().take(120).collect(), kind, problem })
}

/// A repository of models: `OWNER/NAME`, or `NAME` for a few old ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepoId(String);

/// A branch, a tag or a commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision(String);

/// A commit: 40 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Commit(String);

/// A file of a repository, perhaps in folders: relative, within its folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileName(String);

/// What is asked for: `REPO[@REVISION][:FILE]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The repository.
    pub repo: RepoId,
    /// Its revision, `main` where none is given.
    pub revision: Revision,
    /// The file, where one is named.
    pub file: Option<FileName>,
}

macro_rules! text {
    ($($name:ident)*) => {$(
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
text!(RepoId Revision Commit FileName);

impl RepoId {
    /// The repository's folder in the cache; names hold no `--`, so that no two
    /// share one.
    pub(super) fn folder(&self) -> String {
        format!("models--{}", self.0.replace('/', "--"))
    }
}

impl FromStr for RepoId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = |problem| refuse(text, "repository", problem);
        if text.contains("://") {
            return bad("give OWNER/NAME, not the address of its page");
        }
        let parts: Vec<&str> = text.split('/').collect();
        if parts.len() > 2 {
            return bad("give OWNER/NAME");
        }
        for part in parts {
            let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            if part.is_empty() || part.len() > MAX_NAME {
                return bad("give OWNER/NAME, each of 1 to 96 characters");
            }
            if !part.bytes().all(harmless) {
                return bad("names are letters, digits, '-', '_' and '.'");
            }
            if part.starts_with(['-', '.']) || part.ends_with(['-', '.']) {
                return bad("names neither begin nor end with '-' or '.'");
            }
            if part.contains("--") || part.contains("..") {
                return bad("names hold neither '--' nor '..'");
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl Revision {
    /// The commit, where the revision is one.
    pub fn as_commit(&self) -> Option<Commit> {
        self.0.parse().ok()
    }
}

impl Default for Revision {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

impl From<&Commit> for Revision {
    fn from(commit: &Commit) -> Self {
        Self(commit.0.clone())
    }
}

impl FromStr for Revision {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = |problem| refuse(text, "revision", problem);
        if text.is_empty() || text.len() > MAX_REVISION {
            return bad("give a branch, a tag or a commit of at most 200 characters");
        }
        // What git forbids in names of branches, and all that is not plain.
        let harmless =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'+' | b'=');
        if !text.bytes().all(harmless) {
            return bad("branches, tags and commits are letters, digits and '-_./+='");
        }
        let odd = |part: &str| part.is_empty() || part.starts_with(['.', '-']) || part.ends_with('.');
        if text.split('/').any(odd) || text.contains("..") {
            return bad("a part of it is empty, hidden or '..'");
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Commit {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 40 && text.bytes().all(is_hex) {
            Ok(Self(text.to_owned()))
        } else {
            refuse(text, "commit", "commits are 40 hexadecimal digits")
        }
    }
}

impl FileName {
    /// Its last part, without folders.
    pub fn base(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Folders above it within the repository.
    pub(super) fn depth(&self) -> usize {
        self.0.matches('/').count()
    }

    /// Whether it is named like a GGUF file.
    pub fn is_gguf(&self) -> bool {
        self.0.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("gguf"))
    }
}

impl FromStr for FileName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = |problem| refuse(text, "file name of a repository", problem);
        if text.is_empty() || text.len() > MAX_FILE {
            return bad("names have 1 to 1024 bytes");
        }
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return bad("it holds control characters or backslashes");
        }
        for part in text.split('/') {
            match part {
                "" => return bad("it is no relative path"),
                "." | ".." => return bad("it leads out of its folder"),
                part if part.len() > MAX_PART => return bad("a part of it has more than 255 bytes"),
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Address {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.contains("://") {
            return refuse(text, "repository", "give OWNER/NAME, not the address of its page");
        }
        let (place, file) = text.split_once(':').map_or((text, None), |(place, file)| (place, Some(file)));
        let (repo, revision) =
            place.split_once('@').map_or((place, None), |(repo, revision)| (repo, Some(revision)));
        Ok(Self {
            repo: repo.parse()?,
            revision: revision.map(str::parse).transpose()?.unwrap_or_default(),
            file: file.map(str::parse).transpose()?,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repo)?;
        if self.revision != Revision::default() {
            write!(f, "@{}", self.revision)?;
        }
        self.file.as_ref().map_or(Ok(()), |file| write!(f, ":{file}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn addresses_are_repository_revision_and_file() {
        let plain: Address = "owner/name".parse().unwrap();
        assert_eq!((plain.revision.as_str(), plain.file), ("main", None));
        for text in ["gpt2", "a/b@refs/pr/1", "a/b@v1.0:x.gguf", "a/b:deep/er/x y.gguf"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn names_that_could_lead_elsewhere_are_refused() {
        for text in [
            "",
            "/",
            "a/b/c",
            "../x",
            "a/..",
            "a//b",
            "-a/b",
            "a/b.",
            "a b/c",
            "a/b--c",
            "a/ü",
            "https://h/a/b",
            "a/b@",
            "a/b@../main",
            "a/b@-x",
            "a/b@x y",
            "a/b@x..y",
            "a/b@/x",
            "a/b@.git",
            "a/b@x?y",
            "a/b:",
            "a/b:../../x",
            "a/b:/etc/passwd",
            "a/b:x/../y",
            "a/b:x\\y",
            "a/b:x\ny",
            "a/b:./x",
            "a/b:x/",
        ] {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(!error.contains('\n'), "{error}");
        }
        let long = format!("a/b:{}", "x".repeat(256));
        assert!(long.parse::<Address>().is_err());
        assert!("A".repeat(40).parse::<Commit>().is_err());
    }

    proptest! {
        #[test]
        fn no_name_escapes_its_folder(text in "[a./\\\\~: -]{0,12}|.{0,20}") {
            if let Ok(name) = text.parse::<FileName>() {
                let parts: Vec<Component> = Path::new(name.as_str()).components().collect();
                prop_assert!(parts.iter().all(|part| matches!(part, Component::Normal(_))));
                prop_assert_eq!(parts.len(), name.depth() + 1);
            }
            if let Ok(repo) = text.parse::<RepoId>() {
                prop_assert!(!repo.folder().contains('/') && !repo.folder().contains(".."));
            }
            if let Ok(revision) = text.parse::<Revision>() {
                let mut parts = Path::new(revision.as_str()).components();
                prop_assert!(parts.all(|part| matches!(part, Component::Normal(_))));
            }
            let _ = text.parse::<Address>();
        }
    }
}
