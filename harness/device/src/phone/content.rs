//! What a file on a phone contains: its size, and its hash by the phone's own `sha256sum`.

use super::retrying_link::{RetryingLink, last_line};
use crate::{LinkError, quote};
use std::time::Duration;

/// The slowest phone, busy with other work, hashes at least this many bytes a second.
const HASHED_PER_SECOND: u64 = 100 << 10;

/// A file on a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// Size, bytes.
    pub(super) bytes: u64,
    /// Hash; `None` where the file has another size than was asked for.
    pub(super) sha256: Option<String>,
}

impl Content {
    /// What is at a path; hashed, which takes seconds, only where it has this size.
    pub(super) fn of_size(link: &RetryingLink, path: &str, bytes: u64) -> Result<Option<Self>, LinkError> {
        let at_most = Duration::from_mins(1) + Duration::from_secs(bytes / HASHED_PER_SECOND);
        Self::read(link, path, &format!("[ \"$n\" -eq {bytes} ]"), at_most)
    }

    /// What is at a path, hashed whatever its size.
    pub(super) fn of_any_size(link: &RetryingLink, path: &str) -> Result<Option<Self>, LinkError> {
        Self::read(link, path, "true", Duration::from_hours(1))
    }

    /// `is_wanted`: a shell's condition for a hash; `$n` is the size.
    fn read(
        link: &RetryingLink,
        path: &str,
        is_wanted: &str,
        at_most: Duration,
    ) -> Result<Option<Self>, LinkError> {
        let script = format!(
            "f={}; [ -f \"$f\" ] || {{ echo missing; exit; }}\n\
             n=$(wc -c < \"$f\") && echo \"$n\" || exit\n\
             if {is_wanted}; then sha256sum < \"$f\"; else echo other; fi",
            quote(path)
        );
        let output = link.run_long(&script, at_most)?;
        let printed = output.text();
        let mut words = printed.split_whitespace();
        let found = match (output.code, words.next(), words.next()) {
            (0, Some("missing"), _) => return Ok(None),
            (0, Some(bytes), Some("other")) => bytes.parse().ok().map(|bytes| Self { bytes, sha256: None }),
            (0, Some(bytes), Some(hash)) if is_sha256(hash) => {
                bytes.parse().ok().map(|bytes| Self { bytes, sha256: Some(hash.to_owned()) })
            }
            _ => None,
        };
        let failed = || LinkError::Refused {
            serial: link.serial().to_owned(),
            why: format!(
                "{path} cannot be checked on the phone: wc or sha256sum ended with status {} ({})",
                output.code,
                last_line(&output.stderr)
            ),
        };
        found.map(Some).ok_or_else(failed)
    }
}

/// Whether a word is a hash.
pub(super) fn is_sha256(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}
