//! Files on a phone: space is checked before a transfer, size and content after it. A
//! file gets its name only when it is complete.

use super::{
    content::Content,
    disk::{prepare_folder, with_figures},
    retrying_link::RetryingLink,
    timeouts::COMMAND_TIMEOUT,
};
use crate::{LinkError, Notice, quote};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// How often a file is sent before a damaged arrival counts as a failure.
const ATTEMPTS: u32 = 3;
/// How often the user is told of the progress of a long transfer.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);

/// A file that a phone must have.
#[derive(Clone, Copy, Debug)]
pub(super) struct RemoteFile<'a> {
    /// Absolute path on the phone.
    pub(super) path: &'a str,
    /// Hash of its content.
    pub(super) sha256: &'a str,
    /// Size, bytes.
    pub(super) bytes: u64,
    /// Mode, in octal digits.
    pub(super) mode: &'static str,
}

/// What a phone has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// No file.
    Missing,
    /// A file of another size or content.
    Damaged,
    /// The file.
    Whole,
}

impl RemoteFile<'_> {
    /// What there is at a path of the phone.
    fn presence_at(&self, link: &RetryingLink, path: &str) -> Result<Presence, LinkError> {
        let content = Content::of_size(link, path, self.bytes)?;
        Ok(match content {
            None => Presence::Missing,
            Some(content) if content.sha256.as_deref() == Some(self.sha256) => Presence::Whole,
            Some(_) => Presence::Damaged,
        })
    }

    /// Whether the phone has it. The user is told of a damaged one.
    pub(super) fn exists(&self, link: &RetryingLink) -> Result<bool, LinkError> {
        let presence = self.presence_at(link, self.path)?;
        if presence == Presence::Damaged {
            link.notify(Notice::Damaged(self.path));
        }
        Ok(presence == Presence::Whole)
    }

    /// Sends it unless the phone has it already; gives the bytes that were sent.
    pub(super) fn ensure(&self, link: &RetryingLink, from: &Path) -> Result<u64, LinkError> {
        if self.exists(link)? { Ok(0) } else { self.place(link, from) }
    }

    /// Sends it, whatever the phone has; gives the bytes that were sent. Space is waited for.
    pub(super) fn place(&self, link: &RetryingLink, from: &Path) -> Result<u64, LinkError> {
        for _ in 0..ATTEMPTS {
            if link.waiting_for_space(|| self.transfer(link, from))? {
                return Ok(self.bytes);
            }
        }
        let why = format!("{} arrived damaged {ATTEMPTS} times", self.path);
        Err(LinkError::Refused { serial: link.serial().to_owned(), why })
    }

    /// Sends it and gives it its name; `false` where it arrived damaged.
    fn transfer(&self, link: &RetryingLink, from: &Path) -> Result<bool, LinkError> {
        prepare_folder(link, self.path, self.bytes)?;
        // A name for each process: a transfer that was given up may still be writing.
        let part = format!("{}.part{}", self.path, std::process::id());
        self.send(link, from, &part)?;
        if self.presence_at(link, &part)? != Presence::Whole {
            return Ok(false);
        }
        let (part, path) = (quote(&part), quote(self.path));
        // Where the answer was lost and this is run again, the file has its name already.
        let rename = format!(
            "if [ -e {part} ]; then chmod {} {part} && mv -f {part} {path}; else [ -e {path} ]; fi",
            self.mode
        );
        link.run_checked(&rename, COMMAND_TIMEOUT).map(|_| true)
    }

    fn send(&self, link: &RetryingLink, from: &Path, to: &str) -> Result<(), LinkError> {
        let mut next_notice = Instant::now() + PROGRESS_INTERVAL;
        let mut progress = |sent| {
            if Instant::now() >= next_notice {
                next_notice = Instant::now() + PROGRESS_INTERVAL;
                link.notify(Notice::SendProgress { sent, bytes: self.bytes });
            }
        };
        let sent = link.retrying(|link| link.push(from, to, &mut progress));
        sent.map_err(|error| with_figures(error, link, to, Some(self.bytes)))
    }
}
