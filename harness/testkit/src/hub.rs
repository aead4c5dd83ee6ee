//! A hub on loopback that speaks real HTTP and fails where it is told to. The owner of a
//! repository says how: see [`answer_file`].

use crate::repository::checkpoint;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// The only commit there is.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// The token of the only user there is.
pub const TOKEN: &str = "hf_MockTokenNobodyHas";

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET` or `HEAD`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The host asked for.
    pub host: String,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Request {
    /// One of the headers.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[derive(Default)]
struct State {
    /// Files of every repository, by name.
    files: BTreeMap<String, Vec<u8>>,
    /// Names that the list has beside these.
    listed: Vec<String>,
    seen: Vec<Request>,
    /// Downloads that are still to be cut.
    cuts: usize,
}

/// A hub that answers until the test program ends.
pub struct MockHub {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl MockHub {
    /// A hub, every repository of which has these files.
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        // All of loopback, so that 127.0.0.2 is another host with the same server.
        let listener = TcpListener::bind("0.0.0.0:0").expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        let state = Arc::new(Mutex::new(State { files, cuts: 2, ..State::default() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A client that goes away in the middle is no fault of the hub.
                thread::spawn(move || drop(serve(stream, port, &shared)));
            }
        });
        Self { port, state }
    }

    /// Names that its lists have beside these.
    #[must_use]
    pub fn listing(self, names: &[&str]) -> Self {
        self.state.lock().unwrap().listed = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Its address.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A command that asks this hub and keeps what it gets in `home`.
    pub fn settle(&self, home: &Path, command: &mut Command) {
        for name in [
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HF_HUB_CACHE",
            "HUGGINGFACE_HUB_CACHE",
            "HF_HUB_OFFLINE",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
        ] {
            command.env_remove(name);
        }
        command.env("HF_HOME", home).env("HF_ENDPOINT", self.endpoint());
    }

    /// Every repository of a hub holds this checkpoint.
    pub fn of_checkpoint(name: &str) -> Self {
        let is_test_data = |name: &str| matches!(name, "expected.json" | "logits.safetensors");
        let entries = fs::read_dir(checkpoint(name)).unwrap().map(|entry| entry.unwrap().path());
        let file =
            |path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap());
        let files: Vec<(String, Vec<u8>)> =
            entries.map(file).filter(|(name, _)| !is_test_data(name)).collect();
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        Self::new(&files)
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Request> {
        self.state.lock().unwrap().seen.clone()
    }

    /// Requests for content, not for heads or lists.
    pub fn downloads(&self) -> Vec<Request> {
        let is_content = |seen: &Request| seen.method == "GET" && !seen.path.starts_with("/api/");
        self.seen().into_iter().filter(is_content).collect()
    }
}

type Headers = Vec<(&'static str, String)>;

fn serve(stream: TcpStream, port: u16, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let host = headers.get("host").cloned().unwrap_or_default();
    let seen = Request { method, path, host, headers };
    state.lock().unwrap().seen.push(seen.clone());
    answer(stream, port, &seen, state)
}

fn answer(stream: TcpStream, port: u16, seen: &Request, state: &Mutex<State>) -> std::io::Result<()> {
    let path = seen.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts.as_slice() {
        ["api", "models", owner, _, "revision", revision] => match refusal(owner, revision, seen) {
            Some((status, code)) => error(stream, seen, status, code),
            None => list(stream, seen, state),
        },
        [owner, _, "resolve", revision, file @ ..] => match refusal(owner, revision, seen) {
            Some((status, code)) => error(stream, seen, status, code),
            None => answer_file(stream, port, seen, state, owner, &file.join("/")),
        },
        ["bucket", owner, file @ ..] => {
            let bytes = state.lock().unwrap().files.get(&file.join("/")).cloned().unwrap_or_default();
            content(stream, seen, owner, state, &bytes, vec![("ETag", "\"of-the-bucket\"".into())])
        }
        _ => error(stream, seen, 404, "NotFound"),
    }
}

fn refusal(owner: &str, revision: &str, seen: &Request) -> Option<(u16, &'static str)> {
    let token = seen.header("authorization");
    match owner {
        "gone" => Some((if token.is_some() { 404 } else { 401 }, "RepoNotFound")),
        "gated" if token != Some(&format!("Bearer {TOKEN}")) => Some((401, "GatedRepo")),
        "broken" => Some((503, "")),
        _ if !["main", "v1", COMMIT].contains(&revision) => Some((404, "RevisionNotFound")),
        _ => None,
    }
}

fn list(stream: TcpStream, seen: &Request, state: &Mutex<State>) -> std::io::Result<()> {
    let state = state.lock().unwrap();
    let mut siblings: Vec<_> =
        state.files.iter().map(|(name, bytes)| json!({"rfilename": name, "size": bytes.len()})).collect();
    siblings.extend(state.listed.iter().map(|name| json!({"rfilename": name})));
    let body = json!({"id": "x", "sha": COMMIT, "private": false, "siblings": siblings}).to_string();
    drop(state);
    send(stream, seen, "200 OK", &[], body.as_bytes(), body.len())
}

/// Owners: `elsewhere` keeps its content on another host; `cut` loses the connection
/// twice; `flipped` changes a byte; `late` refuses a GET after a good HEAD; `whole`
/// knows no ranges; `slow` takes its time; `long` sends too much.
fn answer_file(
    stream: TcpStream,
    port: u16,
    seen: &Request,
    state: &Mutex<State>,
    owner: &str,
    file: &str,
) -> std::io::Result<()> {
    let Some(bytes) = state.lock().unwrap().files.get(file).cloned() else {
        return error(stream, seen, 404, "EntryNotFound");
    };
    // The hub keeps text with git and the rest by SHA-256.
    let is_large = Path::new(file).extension().is_none_or(|extension| extension != "json");
    let etag = format!("\"{}\"", if is_large { sha256(&bytes) } else { git_sha1(&bytes) });
    let mut headers = vec![("X-Repo-Commit", COMMIT.to_owned()), ("Accept-Ranges", "bytes".into())];
    if owner == "late" && seen.method == "GET" {
        return error(stream, seen, 403, "GatedRepo");
    }
    if owner == "elsewhere" && is_large {
        headers.push(("X-Linked-ETag", etag));
        headers.push(("X-Linked-Size", bytes.len().to_string()));
        headers.push(("ETag", "\"something else\"".into()));
        headers.push(("Location", format!("http://127.0.0.2:{port}/bucket/{owner}/{file}")));
        return send(stream, seen, "302 Found", &headers, b"", 0);
    }
    headers.push(("ETag", etag));
    content(stream, seen, owner, state, &bytes, headers)
}

fn content(
    mut stream: TcpStream,
    seen: &Request,
    owner: &str,
    state: &Mutex<State>,
    bytes: &[u8],
    mut headers: Headers,
) -> std::io::Result<()> {
    let from =
        seen.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let etag = headers.iter().find(|(name, _)| *name == "ETag").map(|(_, etag)| etag.clone());
    let is_same = seen.header("if-range").is_none_or(|wanted| Some(wanted) == etag.as_deref());
    let from: usize = from.filter(|_| is_same && owner != "whole").unwrap_or(0);
    let mut body = bytes[from.min(bytes.len())..].to_vec();
    let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
    if from > 0 {
        headers.push(("Content-Range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())));
    }
    let length = body.len();
    if seen.method == "GET" {
        match owner {
            "flipped" if !body.is_empty() => *body.last_mut().unwrap() ^= 1,
            "long" => body.extend([0; 9]),
            "cut" | "elsewhere" | "whole" if length > 1000 => {
                let cuts = &mut state.lock().unwrap().cuts;
                if *cuts > 0 {
                    *cuts -= 1;
                    body.truncate(length / 3);
                }
            }
            "slow" => {
                send_head(&mut stream, status, &headers, length)?;
                for piece in body.chunks(length / 10 + 1) {
                    stream.write_all(piece)?;
                    thread::sleep(Duration::from_millis(150));
                }
                return Ok(());
            }
            _ => {}
        }
    }
    let length = if owner == "long" && seen.method == "GET" { body.len() } else { length };
    send(stream, seen, status, &headers, &body, length)
}

fn error(stream: TcpStream, seen: &Request, status: u16, code: &str) -> std::io::Result<()> {
    let headers = [("X-Error-Code", code.to_owned()), ("X-Error-Message", "no entry".to_owned())];
    let body = json!({"error": "no"}).to_string();
    send(stream, seen, &format!("{status} No"), &headers, body.as_bytes(), body.len())
}

fn send_head(
    stream: &mut TcpStream,
    status: &str,
    headers: &[(&str, String)],
    length: usize,
) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes())
}

fn send(
    mut stream: TcpStream,
    seen: &Request,
    status: &str,
    headers: &[(&str, String)],
    body: &[u8],
    length: usize,
) -> std::io::Result<()> {
    send_head(&mut stream, status, headers, length)?;
    if seen.method != "HEAD" {
        stream.write_all(body)?;
    }
    stream.flush()?;
    stream.shutdown(Shutdown::Write)
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The hash that git has of a file.
pub fn git_sha1(bytes: &[u8]) -> String {
    let mut hash = sha1::Sha1::new_with_prefix(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
