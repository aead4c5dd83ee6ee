//! Where the hub and its cache are and who asks, by the conventions of Python's
//! `huggingface_hub`, so that both tools share settings and files.

use super::{HubError, url::Endpoint};
use slm_plan::{interrupt::Interrupt, plain_text::Utf8Reader};
use std::{
    ffi::OsString,
    fmt, fs,
    io::{self, Read},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

/// The hub unless another is named.
const DEFAULT_ENDPOINT: &str = "https://huggingface.co";
/// Longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// How often a wait is left to see whether the user asked to stop.
pub(super) const LOOK: Duration = Duration::from_millis(100);
/// Longest token that is read from a file, bytes; real ones have 37.
const MAX_TOKEN: u64 = 4096;

/// What the command line says of the hub; the environment says the rest.
#[derive(Clone, Debug, Default)]
pub struct HubOptions {
    /// `--endpoint`; else `HF_ENDPOINT`, else the Hugging Face hub.
    pub endpoint: Option<String>,
    /// `--offline`; `HF_HUB_OFFLINE=1` says the same.
    pub offline: bool,
    /// Ends a download; what was received is kept.
    pub interrupt: Interrupt,
}

/// A secret: sent to the hub's own host, never shown.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    /// For the header of a request only.
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How long to wait and how often to try again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a connection.
    pub(super) connect: Duration,
    /// For the head of an answer.
    pub(super) answer: Duration,
    /// For the next bytes of a file.
    pub(super) stall: Duration,
    /// Before the first new attempt; doubled for each further one.
    pub(super) pause: Duration,
    /// Attempts in a row that bring nothing.
    pub(super) attempts: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            pause: Duration::from_millis(500),
            attempts: 4,
        }
    }
}

impl Patience {
    /// How long to rest after so many attempts in vain.
    fn pause_after(&self, failures: u32) -> Duration {
        self.pause.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(MAX_PAUSE)
    }
}

/// All settings, checked.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) endpoint: Endpoint,
    /// `hub` in the folder of `huggingface_hub`.
    pub(super) cache: PathBuf,
    pub(super) token: Option<Token>,
    pub(super) offline: bool,
    pub(super) patience: Patience,
    pub(super) interrupt: Interrupt,
}

impl Settings {
    /// Reads the environment through `var`.
    pub(super) fn read(
        options: &HubOptions,
        var: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, HubError> {
        let var = |name: &str| var(name).filter(|value| !value.is_empty());
        let path = |name: &str| var(name).map(PathBuf::from);
        let home = path("HF_HOME")
            .or_else(|| Some(path("XDG_CACHE_HOME")?.join("huggingface")))
            .or_else(|| Some(path("HOME")?.join(".cache/huggingface")));
        let cache = path("HF_HUB_CACHE")
            .or_else(|| path("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| Some(home.as_ref()?.join("hub")))
            .ok_or_else(|| HubError::Setting("no home folder for the cache; set HF_HOME".into()))?;
        let endpoint = match (&options.endpoint, var("HF_ENDPOINT")) {
            (Some(typed), _) => Endpoint::parse(typed)?,
            (None, Some(set)) => Endpoint::parse(&set.to_string_lossy())?,
            (None, None) => Endpoint::parse(DEFAULT_ENDPOINT)?,
        };
        let yes = |value: OsString| {
            ["1", "on", "yes", "true"].contains(&value.to_string_lossy().to_lowercase().as_str())
        };
        Ok(Self {
            endpoint,
            cache,
            token: token(&var, home)?,
            offline: options.offline || var("HF_HUB_OFFLINE").is_some_and(yes),
            patience: Patience::default(),
            interrupt: options.interrupt.clone(),
        })
    }

    /// # Errors
    /// [`HubError::Interrupted`] when the user asked to stop.
    pub(super) fn go_on(&self) -> Result<(), HubError> {
        if self.interrupt.is_set() { Err(HubError::Interrupted) } else { Ok(()) }
    }

    /// Rests after so many attempts in vain.
    pub(super) fn rest(&self, failures: u32) -> Result<(), HubError> {
        let end = Instant::now() + self.patience.pause_after(failures);
        loop {
            self.go_on()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(LOOK));
        }
    }
}

/// The token from the environment, else from its file.
fn token(var: &dyn Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Result<Option<Token>, HubError> {
    if let Some(value) = var("HF_TOKEN") {
        return checked(&value.to_string_lossy(), "HF_TOKEN").map(Some);
    }
    let named = var("HF_TOKEN_PATH").map(PathBuf::from);
    let Some(file) = named.clone().or_else(|| Some(home?.join("token"))) else { return Ok(None) };
    let mut text = String::new();
    let open = || Utf8Reader::new(fs::File::open(&file)?);
    match open().and_then(|file| file.take(MAX_TOKEN).read_to_string(&mut text)) {
        Ok(_) if text.trim().is_empty() => Ok(None),
        Ok(_) => checked(&text, &file.display().to_string()).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(HubError::Setting(format!(
            "the token in {} cannot be read: {error}; check HF_TOKEN_PATH or unset it",
            file.display()
        ))),
    }
}

/// A token is one word; its text is not in the message.
fn checked(text: &str, place: &str) -> Result<Token, HubError> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Token(text.to_owned()))
    } else {
        Err(HubError::Setting(format!(
            "the token in {place} is not one word of plain characters; set it anew"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, HubError> {
        let var = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
        Settings::read(&HubOptions::default(), &var)
    }

    #[test]
    fn the_cache_is_where_python_looks() {
        let cache = |pairs: &[(&str, &str)]| read(pairs).unwrap().cache.display().to_string();
        assert_eq!(cache(&[("HOME", "/h")]), "/h/.cache/huggingface/hub");
        assert_eq!(cache(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]), "/x/huggingface/hub");
        assert_eq!(cache(&[("HOME", "/h"), ("HF_HOME", "/f")]), "/f/hub");
        assert_eq!(cache(&[("HF_HOME", "/f"), ("HF_HUB_CACHE", "/c")]), "/c");
        assert!(read(&[]).is_err());
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        let pauses: Vec<Duration> = (1..40).map(|n| Patience::default().pause_after(n)).collect();
        assert!(pauses.is_sorted() && pauses[0] < pauses[1] && *pauses.last().unwrap() == MAX_PAUSE);
    }

    #[test]
    fn offline_and_endpoint_follow_the_environment_unless_typed() {
        assert!(read(&[("HOME", "/h"), ("HF_HUB_OFFLINE", "True")]).unwrap().offline);
        assert!(!read(&[("HOME", "/h"), ("HF_HUB_OFFLINE", "0")]).unwrap().offline);
        assert!(read(&[("HOME", "/h"), ("HF_ENDPOINT", "nonsense")]).is_err());
    }

    #[test]
    fn tokens_come_from_variable_or_file_and_are_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "hf_from_file\n").unwrap();
        let home = folder.path().to_str().unwrap();
        let bearer = |pairs: &[(&str, &str)]| read(pairs).unwrap().token.unwrap().bearer();
        assert_eq!(bearer(&[("HF_HOME", home)]), "Bearer hf_from_file");
        assert_eq!(bearer(&[("HF_HOME", home), ("HF_TOKEN", "hf_set")]), "Bearer hf_set");
        assert_eq!(
            bearer(&[("HOME", "/"), ("HF_TOKEN_PATH", file.to_str().unwrap())]),
            "Bearer hf_from_file"
        );
        assert!(read(&[("HOME", "/"), ("HF_TOKEN_PATH", "/nowhere")]).is_err());
        let settings = read(&[("HF_HOME", home)]).unwrap();
        assert!(!format!("{settings:?}").contains("hf_from_file"));
        let error = read(&[("HOME", "/"), ("HF_TOKEN", "hf_two words\r\nX: y")]).unwrap_err().to_string();
        assert!(error.contains("HF_TOKEN") && !error.contains("two"), "{error}");
    }
}
