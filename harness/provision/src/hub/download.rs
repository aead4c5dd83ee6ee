//! One file from the hub into the cache: resumed where it was cut, checked before it
//! counts.

use super::{
    BlobId, Commit, FileName, HubError, Step,
    cache::Cached,
    http::{Http, Start, Subject, header, lost},
    inspect::inspect,
    settings::{LOOK, Settings},
    url::Origin,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::Instant,
};
use ureq::{
    Body,
    http::{Response, Uri},
};

/// Bytes read at once.
const PIECE: usize = 1 << 17;
/// Space to leave free on the disk, bytes.
const RESERVE: u64 = 16 << 20;

/// What the hub says of a file before it is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) commit: Commit,
    pub(super) blob: BlobId,
    pub(super) bytes: u64,
}

impl Announced {
    /// Reads the head of an answer. Where it leads to another host, what the hub says
    /// of the linked file counts.
    pub(super) fn read(response: &Response<Body>, host: &Origin, file: &FileName) -> Result<Self, HubError> {
        let odd = |what: &str| HubError::Odd(format!("{host} gives no {what} of {file}"));
        let first = |names: [&str; 2]| names.into_iter().find_map(|name| header(response, name));
        let commit = header(response, "x-repo-commit").and_then(|text| text.parse().ok());
        let etag = first(["x-linked-etag", "etag"]);
        let bytes = first(["x-linked-size", "content-length"]).and_then(|text| text.parse().ok());
        Ok(Self {
            commit: commit.ok_or_else(|| odd("commit"))?,
            blob: etag.as_deref().and_then(BlobId::of_etag).ok_or_else(|| odd("hash"))?,
            bytes: bytes.ok_or_else(|| odd("size"))?,
        })
    }
}

/// One download at work.
pub(super) struct Download<'a> {
    pub(super) settings: &'a Settings,
    pub(super) http: &'a Http,
    pub(super) subject: Subject<'a>,
    pub(super) file: &'a FileName,
    pub(super) announced: &'a Announced,
    pub(super) uri: &'a Uri,
}

impl Download<'_> {
    /// Brings the blob into the cache, unless another process does so meanwhile.
    pub(super) fn run(&self, cached: &Cached, watch: &mut dyn FnMut(Step)) -> Result<(), HubError> {
        let blob = cached.blob(&self.announced.blob);
        if self.is_there(&blob) {
            return Ok(());
        }
        let part = cached.part(&self.announced.blob);
        fs::create_dir_all(part.parent().unwrap_or(&part)).map_err(|error| HubError::io(&part, error))?;
        let mut told = false;
        let _lock = cached.lock(&self.announced.blob, &mut || {
            if !told {
                watch(Step::Waiting(self.file));
                told = true;
            }
            self.settings.go_on()
        })?;
        if self.is_there(&blob) {
            return Ok(());
        }
        let resumed = self.fill(&part, watch)?;
        if let Err(error) = self.check(&part, watch) {
            fs::remove_file(&part).map_err(|error| HubError::io(&part, error))?;
            // What was there already may be to blame: once more from the start.
            if !(resumed && matches!(error, HubError::Damaged { .. })) {
                return Err(error);
            }
            watch(Step::Again { reason: "the part received earlier was damaged".into(), have: 0 });
            self.fill(&part, watch)?;
            if let Err(error) = self.check(&part, watch) {
                fs::remove_file(&part).map_err(|error| HubError::io(&part, error))?;
                return Err(error);
            }
        }
        fs::rename(&part, &blob).map_err(|error| HubError::io(&blob, error))
    }

    /// A blob of another size is a leftover of something else: it is fetched anew.
    fn is_there(&self, blob: &Path) -> bool {
        fs::metadata(blob).is_ok_and(|metadata| metadata.is_file() && metadata.len() == self.announced.bytes)
    }

    /// Downloads until the part is complete; tells whether something was there.
    fn fill(&self, part: &Path, watch: &mut dyn FnMut(Step)) -> Result<bool, HubError> {
        let io = |error| HubError::io(part, error);
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(part).map_err(io)?;
        let (size, mut have) = (self.announced.bytes, file.seek(SeekFrom::End(0)).map_err(io)?);
        if have > size {
            file.set_len(0).map_err(io)?;
            have = 0;
        }
        let resumed = have > 0;
        self.check_space(part, size - have)?;
        watch(Step::Start { file: self.file, bytes: size, have });
        let settings = self.settings;
        let mut failures = 0;
        while have < size {
            let tried = self.attempt(&mut file, part, have, watch);
            let now = file.seek(SeekFrom::End(0)).map_err(io)?;
            if let Err(error) = tried {
                // What brings something is not in vain.
                failures = if now > have { 1 } else { failures + 1 };
                if !error.is_passing() || failures >= settings.patience.attempts {
                    return Err(error);
                }
                watch(Step::Again { reason: error.brief(), have: now });
                settings.rest(failures)?;
            }
            have = now;
        }
        file.sync_all().map_err(io)?;
        Ok(resumed)
    }

    /// One request, from where the part ends. Whatever came stays in the part.
    fn attempt(
        &self,
        file: &mut File,
        part: &Path,
        have: u64,
        watch: &mut dyn FnMut(Step),
    ) -> Result<(), HubError> {
        let io = |error| HubError::io(part, error);
        let settings = self.settings;
        let start = (have > 0).then(|| Start { byte: have, etag: self.announced.blob.as_str() });
        let response = self.http.get(settings, self.uri, self.subject, start)?;
        let mut at = if goes_on(&response, have) { have } else { 0 };
        file.set_len(at).map_err(io)?;
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        let host = &settings.endpoint.origin;
        if response.status() == 416 {
            return Err(lost(host, "the part received does not fit the file"));
        }
        let pieces = pump(response);
        let mut last = Instant::now();
        loop {
            settings.go_on()?;
            match pieces.recv_timeout(settings.patience.stall.min(LOOK)) {
                Ok(Ok(piece)) => {
                    last = Instant::now();
                    at += piece.len() as u64;
                    if at > self.announced.bytes {
                        // Not what was announced: nothing of it can be trusted.
                        file.set_len(0).map_err(io)?;
                        let (file, size) = (self.file, self.announced.bytes);
                        return Err(HubError::Odd(format!(
                            "{host} sends more of {file} than its {size} bytes"
                        )));
                    }
                    file.write_all(&piece).map_err(io)?;
                    watch(Step::At(at));
                }
                Ok(Err(error)) => return Err(lost(host, &error.to_string())),
                Err(RecvTimeoutError::Timeout) if last.elapsed() < settings.patience.stall => {}
                Err(RecvTimeoutError::Timeout) => {
                    let seconds = settings.patience.stall.as_secs_f64();
                    return Err(lost(host, &format!("nothing came for {seconds} s")));
                }
                Err(RecvTimeoutError::Disconnected) if at == self.announced.bytes => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => {
                    let size = self.announced.bytes;
                    return Err(lost(host, &format!("it ended after {at} of {size} bytes")));
                }
            }
        }
    }

    /// The hash of all bytes, and that a model's header makes sense.
    fn check(&self, part: &Path, watch: &mut dyn FnMut(Step)) -> Result<(), HubError> {
        watch(Step::Checking(self.file));
        let want = &self.announced.blob;
        let got = want.of_file(part).map_err(|error| HubError::io(part, error))?;
        if got != *want {
            return Err(HubError::Damaged {
                file: self.file.clone(),
                want: want.to_string(),
                got: got.to_string(),
            });
        }
        inspect(self.subject.repo, self.file, part)
    }

    fn check_space(&self, part: &Path, needed: u64) -> Result<(), HubError> {
        let folder = part.parent().unwrap_or(part);
        // A file system that does not tell is tried.
        let Ok(space) = rustix::fs::statvfs(folder) else { return Ok(()) };
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        match needed.saturating_add(RESERVE).checked_sub(free) {
            None | Some(0) => Ok(()),
            Some(missing) => Err(HubError::DiskFull {
                file: self.file.clone(),
                missing,
                folder: folder.display().to_string(),
            }),
        }
    }
}

/// Whether an answer holds the rest from that byte on, and not the file from its start.
fn goes_on(response: &Response<Body>, have: u64) -> bool {
    let range = header(response, "content-range").unwrap_or_default();
    let from = range.strip_prefix("bytes ").and_then(|range| range.split_once('-')).map(|(from, _)| from);
    response.status() == 206 && from.and_then(|from| from.parse().ok()) == Some(have)
}

/// Reads a body on a thread of its own: a connection that hangs is left behind, where
/// a read could not be ended.
fn pump(response: Response<Body>) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(4);
    thread::spawn(move || {
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
        loop {
            let mut piece = vec![0; PIECE];
            let read = body.read(&mut piece).map(|read| {
                piece.truncate(read);
                piece
            });
            let (is_end, failed) = (read.as_ref().is_ok_and(Vec::is_empty), read.is_err());
            if is_end || sender.send(read).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{HubOptions, client::Hub};
    use std::{
        io::{BufRead, BufReader},
        net::{TcpListener, TcpStream},
        time::Duration,
    };

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    /// A hub that gives the head of a file, then some of it, then nothing more.
    fn hang(mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let is_get = lines.next().unwrap().unwrap().starts_with("GET");
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX-Repo-Commit: {COMMIT}\r\n");
        write!(stream, "{head}ETag: \"{COMMIT}\"\r\n\r\n").unwrap();
        if is_get {
            stream.write_all(&[1; 10]).unwrap();
            thread::sleep(Duration::from_secs(20));
        }
    }

    #[test]
    fn a_silent_connection_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || listener.incoming().flatten().for_each(|s| drop(thread::spawn(|| hang(s)))));
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().as_os_str().to_owned();
        let options = HubOptions { endpoint: Some(endpoint), ..HubOptions::default() };
        let mut settings =
            Settings::read(&options, &|name| (name == "HF_HOME").then(|| home.clone())).unwrap();
        settings.patience.stall = Duration::from_millis(100);
        settings.patience.pause = Duration::from_millis(1);
        let hub = Hub::with(settings);
        let mut again = 0;
        let fetched = hub.fetch(
            &"a/b".parse().unwrap(),
            &"main".parse().unwrap(),
            &"x.json".parse().unwrap(),
            &mut |step| again += u32::from(matches!(step, Step::Again { .. })),
        );
        let error = fetched.unwrap_err().to_string();
        assert!(error.contains("nothing came for 0.1 s"), "{error}");
        // The first attempt brought ten bytes; the server gives the start again.
        assert!(again >= 3, "{again}");
        assert_eq!(fs::read_dir(folder.path().join("hub/models--a--b/blobs")).unwrap().count(), 1);
    }
}
