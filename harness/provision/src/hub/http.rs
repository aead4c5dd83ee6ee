//! Requests to the hub. Redirects are followed by hand, so that the token goes to
//! the hub's own origin and nowhere else.

use super::{
    FileName, HubError, RepoId, Revision, TokenUse,
    settings::Settings,
    url::{Origin, follow},
};
use slm_plan::text::clean;
use std::io::Read;
use ureq::{
    Agent, Body,
    http::{Method, Request, Response, Uri},
    tls::{RootCerts, TlsConfig},
};

/// Redirects in a row; the hub needs one or two.
const MAX_REDIRECTS: usize = 8;
/// Longest answer to a question (a list of files), bytes.
const MAX_ANSWER: u64 = 32 << 20;
/// Longest hint of the hub that is shown, characters.
const MAX_HINT: usize = 160;

/// What is asked for, as errors name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) repo: &'a RepoId,
    pub(super) revision: &'a Revision,
    pub(super) file: Option<&'a FileName>,
}

/// Which redirects are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Redirects {
    /// All, to any host.
    All,
    /// Those within the hub; what the first answer that leads away says of the
    /// file counts.
    Within,
}

/// From which byte on a file is wanted, and whether it is still the same one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'a> {
    pub(super) byte: u64,
    pub(super) etag: &'a str,
}

pub(super) struct Http {
    agent: Agent,
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(settings.patience.connect))
            .timeout_recv_response(Some(settings.patience.answer))
            .user_agent(concat!("slm-bench/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Self { agent: config.into() }
    }

    /// The head of a file: the hub's words on it, not those of a host it sends us to.
    pub(super) fn head(
        &self,
        settings: &Settings,
        uri: &Uri,
        subject: Subject,
    ) -> Result<Response<Body>, HubError> {
        let response = self.send(settings, &Method::HEAD, uri, None, Redirects::Within)?;
        checked(settings, response, subject)
    }

    /// A file's content, from a byte on.
    pub(super) fn get(
        &self,
        settings: &Settings,
        uri: &Uri,
        subject: Subject,
        from: Option<Start>,
    ) -> Result<Response<Body>, HubError> {
        let response = self.send(settings, &Method::GET, uri, from, Redirects::All)?;
        // Beyond the end of the file: the caller starts anew.
        if from.is_some() && response.status() == 416 {
            return Ok(response);
        }
        checked(settings, response, subject)
    }

    /// A short answer, whole.
    pub(super) fn answer(
        &self,
        settings: &Settings,
        uri: &Uri,
        subject: Subject,
    ) -> Result<Vec<u8>, HubError> {
        let response = self.send(settings, &Method::GET, uri, None, Redirects::All)?;
        let response = checked(settings, response, subject)?;
        let mut text = Vec::new();
        // One byte more than is taken, so that a longer answer shows.
        let reader = response.into_body().into_with_config().limit(u64::MAX).reader();
        reader
            .take(MAX_ANSWER + 1)
            .read_to_end(&mut text)
            .map_err(|error| lost(&settings.endpoint.origin, &error.to_string()))?;
        if text.len() as u64 > MAX_ANSWER {
            return Err(HubError::Odd(format!("the answer to {uri} has more than {MAX_ANSWER} bytes")));
        }
        Ok(text)
    }

    fn send(
        &self,
        settings: &Settings,
        method: &Method,
        uri: &Uri,
        from: Option<Start>,
        redirects: Redirects,
    ) -> Result<Response<Body>, HubError> {
        let hub = &settings.endpoint.origin;
        let mut uri = uri.clone();
        for _ in 0..=MAX_REDIRECTS {
            let origin = Origin::of(&uri)
                .ok_or_else(|| HubError::Odd(format!("{uri} is not an http or https address")))?;
            let mut request =
                Request::builder().method(method).uri(&uri).header("Accept-Encoding", "identity");
            if origin == *hub {
                if let Some(token) = settings.token.as_ref().filter(|_| origin.is_private()) {
                    request = request.header("Authorization", token.bearer());
                }
                // The hash is the hub's name for the content; other hosts have their own.
                if let Some(from) = from {
                    request = request.header("If-Range", format!("\"{}\"", from.etag));
                }
            }
            if let Some(from) = from {
                request = request.header("Range", format!("bytes={}-", from.byte));
            }
            let request = request.body(()).map_err(|error| HubError::Odd(format!("{uri}: {error}")))?;
            let response = self.agent.run(request).map_err(|error| failed(&origin, &error))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let location = header(&response, "location").unwrap_or_default();
            let next = follow(&uri, &location);
            let next = next.ok_or_else(|| HubError::Odd(format!("{origin} redirects to {location:?}")))?;
            if redirects == Redirects::Within && Origin::of(&next).as_ref() != Some(hub) {
                return Ok(response);
            }
            uri = next;
        }
        Err(HubError::Odd(format!("{hub} redirects more than {MAX_REDIRECTS} times")))
    }
}

/// A header as text.
pub(super) fn header(response: &Response<Body>, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

pub(super) fn lost(origin: &Origin, reason: &str) -> HubError {
    HubError::Network { host: origin.to_string(), reason: clean(reason) }
}

/// Why there is no answer: the way to the host, or what it speaks.
fn failed(origin: &Origin, error: &ureq::Error) -> HubError {
    match error {
        ureq::Error::Io(error) => lost(origin, &error.to_string()),
        ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            lost(origin, &error.to_string())
        }
        other => HubError::Odd(clean(&format!("{origin} cannot be talked to: {other}"))),
    }
}

/// The answer, or what its status says.
fn checked(
    settings: &Settings,
    response: Response<Body>,
    subject: Subject,
) -> Result<Response<Body>, HubError> {
    let status = response.status().as_u16();
    // A redirect is what a head ends with that leads to another host.
    if (200..400).contains(&status) {
        return Ok(response);
    }
    let code = header(&response, "x-error-code").unwrap_or_default();
    let hub = &settings.endpoint.origin;
    let token = match &settings.token {
        None => TokenUse::None,
        Some(_) if hub.is_private() => TokenUse::Sent,
        Some(_) => TokenUse::KeptBack,
    };
    let (repo, revision) = (subject.repo.clone(), subject.revision.clone());
    let host = hub.to_string();
    Err(match (status, code.as_str(), subject.file) {
        (404, "EntryNotFound", Some(file)) => HubError::NoFile { repo, revision, file: file.clone() },
        (404, "RevisionNotFound", _) => HubError::NoRevision { repo, revision },
        // The hub answers 401 where a repository is private or not there at all.
        (401, "RepoNotFound", _) | (404, _, _) => HubError::NoRepository { host, repo, token },
        (401 | 403, _, _) => HubError::Denied { repo, status, token },
        _ => {
            let words = header(&response, "x-error-message").unwrap_or_default();
            let words: String = clean(&words).chars().take(MAX_HINT).collect();
            let hint = if words.is_empty() { String::new() } else { format!(" ({words})") };
            HubError::Server { host, status, hint }
        }
    })
}
