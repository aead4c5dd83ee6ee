//! Where an adb server listens, and how a phone is named on the command line.

use std::{env, fmt, str::FromStr};

/// The port that adb servers listen on.
const DEFAULT_PORT: u16 = 5037;
const LOOPBACK: &str = "127.0.0.1";

/// Host and port of an adb server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerAddress {
    host: String,
    port: u16,
}

impl ServerAddress {
    /// What adb itself takes: `ANDROID_ADB_SERVER_ADDRESS` and
    /// `ANDROID_ADB_SERVER_PORT`, or else 127.0.0.1:5037.
    ///
    /// # Errors
    /// What is wrong with the variables, in one line.
    pub fn from_env() -> Result<Self, String> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let port = match set("ANDROID_ADB_SERVER_PORT") {
            None => DEFAULT_PORT,
            Some(text) => {
                parse_port(&text).ok_or_else(|| format!("ANDROID_ADB_SERVER_PORT: '{text}' is not a port"))?
            }
        };
        let host = set("ANDROID_ADB_SERVER_ADDRESS").unwrap_or_else(|| LOOPBACK.to_owned());
        check_host(&host).map_err(|why| format!("ANDROID_ADB_SERVER_ADDRESS: {why}"))?;
        Ok(Self { host, port })
    }

    /// Host name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the server runs on this machine, so that it can be started.
    pub fn is_local(&self) -> bool {
        self.host == "localhost" || self.host == "::1" || self.host.starts_with("127.")
    }
}

fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

fn check_host(host: &str) -> Result<(), String> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    match host {
        "" => Err("the host is missing".into()),
        _ if host.chars().all(is_fine) => Ok(()),
        _ => Err(format!("'{host}' is not a host")),
    }
}

impl FromStr for ServerAddress {
    type Err = String;

    /// Reads `host`, `host:port`, `:port` or `[v6]:port`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: String| format!("{why}; write host:port, such as 127.0.0.1:{DEFAULT_PORT}");
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or_else(|| wrong(format!("'{text}' has no ]")))?;
                let port = match rest {
                    "" => None,
                    _ => Some(rest.strip_prefix(':').ok_or_else(|| wrong(format!("'{rest}' after the ]")))?),
                };
                (host, port)
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => parse_port(port).ok_or_else(|| wrong(format!("'{port}' is not a port")))?,
        };
        let host = if host.is_empty() { LOOPBACK } else { host };
        check_host(host).map_err(wrong)?;
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A phone named by its serial: `serial:S`, or `adb://host:port/S` on another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneAddress {
    /// The server, where it is not the usual one.
    pub server: Option<ServerAddress>,
    /// The phone's serial, as `adb devices` shows it.
    pub serial: String,
}

impl PhoneAddress {
    /// Reads an address; `None` when the text is none (a profile's name, say).
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        if let Some(serial) = text.strip_prefix("serial:") {
            return Some(check_serial(serial).map(|serial| Self { server: None, serial }));
        }
        let rest = text.strip_prefix("adb://")?;
        let (server, serial) = rest.split_once('/').unwrap_or((rest, ""));
        let parsed = server
            .parse()
            .and_then(|server| check_serial(serial).map(|serial| Self { server: Some(server), serial }));
        Some(parsed)
    }
}

fn check_serial(serial: &str) -> Result<String, String> {
    if serial.is_empty() || serial.contains(['\0', '\n']) {
        return Err("the serial is missing; `bench devices` lists those attached".into());
    }
    Ok(serial.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn servers_have_a_host_and_a_port() {
        for (text, shown) in [
            ("127.0.0.1:5038", "127.0.0.1:5038"),
            ("lab-3", "lab-3:5037"),
            (":6000", "127.0.0.1:6000"),
            ("[::1]:5040", "[::1]:5040"),
            ("[fe80::1]", "[fe80::1]:5037"),
        ] {
            assert_eq!(text.parse::<ServerAddress>().unwrap().to_string(), shown);
        }
        for text in ["host:", "host:0", "host:99999", "a b:1", "[::1", "[::1]x", "a;b", "$(x):1"] {
            let error = text.parse::<ServerAddress>().unwrap_err();
            assert!(!error.contains('\n'), "{text}: {error}");
        }
    }

    #[test]
    fn phones_are_named_by_serial_or_by_server_and_serial() {
        let parse = |text| PhoneAddress::parse(text).unwrap().unwrap();
        assert_eq!(parse("serial:a;b $(c)"), PhoneAddress { server: None, serial: "a;b $(c)".into() });
        let remote = parse("adb://lab:5038/192.168.1.9:5555");
        assert_eq!(remote.server.unwrap().to_string(), "lab:5038");
        assert_eq!(remote.serial, "192.168.1.9:5555");
        assert!(PhoneAddress::parse("s24").is_none());
        for bad in ["serial:", "adb://lab:5038", "adb://lab:x/S", "adb:///"] {
            assert!(PhoneAddress::parse(bad).unwrap().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in ".*") {
            let _ = text.parse::<ServerAddress>();
            let _ = PhoneAddress::parse(&text);
            let _ = PhoneAddress::parse(&format!("adb://{text}"));
        }

        #[test]
        fn what_is_shown_is_read_back(host in "[a-z0-9.-]{1,20}", port in 1u16..) {
            let address = ServerAddress { host, port };
            prop_assert_eq!(address.to_string().parse::<ServerAddress>().unwrap(), address);
        }
    }
}
