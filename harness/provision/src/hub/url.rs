//! Addresses on the hub and where redirects lead, without trusting either.

use super::{FileName, HubError, RepoId, Revision};
use std::{fmt, net::IpAddr};
use ureq::http::Uri;

/// Scheme, host and port: what a token may be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an absolute address; `None` for other schemes than http and
    /// https and for addresses with a user's name in them.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let port = authority.port_u16().unwrap_or(if https { 443 } else { 80 });
        Some(Self { https, host: authority.host().to_ascii_lowercase(), port })
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    /// Whether nobody on a network can listen: https, or this very machine.
    pub(super) fn is_private(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        self.https || host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.host)?;
        let usual = if self.https { 443 } else { 80 };
        if self.port == usual { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// The hub to ask: an origin and perhaps a path that all addresses begin with.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    base: String,
    pub(super) origin: Origin,
}

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Self, HubError> {
        let base = text.trim().trim_end_matches('/');
        let uri: Option<Uri> = base.parse().ok();
        let plain = |uri: &Uri| uri.query().is_none() && !base.contains('#');
        let origin = uri.as_ref().filter(|uri| plain(uri)).and_then(Origin::of);
        match origin {
            Some(origin) => Ok(Self { base: base.to_owned(), origin }),
            None => Err(HubError::Setting(format!(
                "{text:?} is no address of a hub; give one like https://huggingface.co (--endpoint or HF_ENDPOINT)"
            ))),
        }
    }

    /// The address of a file.
    pub(super) fn file(&self, repo: &RepoId, revision: &Revision, file: &FileName) -> Result<Uri, HubError> {
        let file: Vec<String> = file.as_str().split('/').map(encode).collect();
        self.uri(&format!("/{repo}/resolve/{}/{}", encode(revision.as_str()), file.join("/")))
    }

    /// The address of a repository's list of files, with sizes and hashes.
    pub(super) fn listing(&self, repo: &RepoId, revision: &Revision) -> Result<Uri, HubError> {
        self.uri(&format!("/api/models/{repo}/revision/{}?blobs=true", encode(revision.as_str())))
    }

    fn uri(&self, path: &str) -> Result<Uri, HubError> {
        let text = format!("{}{path}", self.base);
        text.parse().map_err(|error| HubError::Odd(format!("{text} is no address: {error}")))
    }
}

/// Where a redirect leads.
pub(super) fn follow(from: &Uri, location: &str) -> Option<Uri> {
    let text = if location.starts_with("//") {
        format!("{}:{location}", from.scheme_str()?)
    } else if location.starts_with('/') {
        format!("{}://{}{location}", from.scheme_str()?, from.authority()?)
    } else {
        location.to_owned()
    };
    let to: Uri = text.parse().ok()?;
    let origin = Origin::of(&to)?;
    // What began in private does not go on in the open.
    let worse = Origin::of(from)?.is_https() && !origin.is_https();
    (!worse).then_some(to)
}

/// Percent-encodes all but what RFC 3986 leaves unreserved.
fn encode(text: &str) -> String {
    use fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn origin(text: &str) -> Option<Origin> {
        Origin::of(&text.parse().ok()?)
    }

    #[test]
    fn origins_are_equal_only_for_one_scheme_host_and_port() {
        assert_eq!(origin("https://Hub.example"), origin("https://hub.example:443/x?y"));
        for other in ["http://hub.example", "https://hub.example:8443", "https://hub.example.evil.example"] {
            assert_ne!(origin("https://hub.example"), origin(other));
        }
        for none in ["ftp://h/", "/path", "https://hub.example@evil.example/", "https://u:p@hub.example/"] {
            assert_eq!(origin(none), None, "{none}");
        }
        assert!(origin("http://[::1]:80/").unwrap().is_private());
        assert!(origin("http://127.0.0.2/").unwrap().is_private());
        assert!(!origin("http://10.0.0.1/").unwrap().is_private());
    }

    #[test]
    fn redirects_stay_or_leave_but_never_fall_back_to_http() {
        let from: Uri = "https://hub.example/a/b?x=1".parse().unwrap();
        let to = |location| follow(&from, location).map(|uri| uri.to_string());
        assert_eq!(to("/c?d=e").as_deref(), Some("https://hub.example/c?d=e"));
        assert_eq!(to("//cdn.example/c").as_deref(), Some("https://cdn.example/c"));
        assert_eq!(to("https://cdn.example/c%20d").as_deref(), Some("https://cdn.example/c%20d"));
        for refused in ["http://hub.example/c", "file:///etc/passwd", "c", "", "https://", "https://a b/"] {
            assert_eq!(to(refused), None, "{refused}");
        }
    }

    #[test]
    fn paths_are_encoded() {
        let endpoint = Endpoint::parse("https://hub.example/mirror/").unwrap();
        let uri = endpoint.file(
            &"a/b".parse().unwrap(),
            &"refs/pr/1".parse().unwrap(),
            &"d/x y#1?.gguf".parse().unwrap(),
        );
        assert_eq!(
            uri.unwrap().to_string(),
            "https://hub.example/mirror/a/b/resolve/refs%2Fpr%2F1/d/x%20y%231%3F.gguf"
        );
        for bad in ["", "hub.example", "file:///x", "https://hub.example/?q", "https://u@hub.example"] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_location_makes_it_panic(location in ".{0,60}|(https?:)?//[a-z@:/\\[\\]0-9.]{0,20}") {
            let from: Uri = "https://hub.example/a".parse().unwrap();
            if let Some(to) = follow(&from, &location) {
                prop_assert!(Origin::of(&to).unwrap().is_https());
            }
        }
    }
}
