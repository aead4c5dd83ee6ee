//! What an adb server answers: `OKAY`, or `FAIL` and a text; texts have their length
//! in four hexadecimal digits before them.

use crate::LinkError;

/// Longest request: the length has four hexadecimal digits.
pub(super) const MAX_REQUEST: usize = 0xffff;

/// A request as it goes over the wire; `None` when it is too long.
pub(super) fn encode_request(request: &str) -> Option<Vec<u8>> {
    (request.len() <= MAX_REQUEST).then(|| format!("{:04x}{request}", request.len()).into_bytes())
}

/// First word of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Okay,
    Fail,
}

/// Reads the first word.
pub(super) fn status(word: [u8; 4]) -> Result<Status, String> {
    match &word {
        b"OKAY" => Ok(Status::Okay),
        b"FAIL" => Ok(Status::Fail),
        _ => Err(format!(
            "the answer begins with {:?}; is an adb server there?",
            String::from_utf8_lossy(&word)
        )),
    }
}

/// Reads the length of a text.
pub(super) fn length(digits: [u8; 4]) -> Result<usize, String> {
    let text =
        digits.iter().all(u8::is_ascii_hexdigit).then(|| String::from_utf8_lossy(&digits).into_owned());
    text.and_then(|text| usize::from_str_radix(&text, 16).ok())
        .ok_or_else(|| format!("{:?} is not a length", String::from_utf8_lossy(&digits)))
}

/// What a `FAIL` means for a device.
pub(super) fn failure(serial: &str, message: &str) -> LinkError {
    let line = message.lines().next().unwrap_or_default().trim();
    let serial = serial.to_owned();
    let not_ready =
        |state: &str, remedy| LinkError::NotReady { serial: serial.clone(), state: state.into(), remedy };
    if line.starts_with("device unauthorized") {
        LinkError::Unauthorized { serial }
    } else if line.starts_with("device offline") {
        not_ready("offline", "wait, or plug it in again")
    } else if line.starts_with("device still") {
        not_ready("still connecting", "wait")
    } else if line.contains("not found") || line.starts_with("no devices") {
        LinkError::NoDevice { serial }
    } else if line.contains("No space left") {
        LinkError::NoSpace { serial, needed: None, free: None }
    } else if line == "closed" {
        // The server's message when adbd went away between two requests.
        LinkError::Lost { serial, why: "adbd closed it".into() }
    } else {
        LinkError::Refused {
            serial,
            why: if line.is_empty() {
                "the adb server refused and gave no reason".into()
            } else {
                line.to_owned()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_carry_their_length() {
        assert_eq!(encode_request("host:version").unwrap(), b"000chost:version");
        assert!(encode_request(&"x".repeat(MAX_REQUEST)).is_some());
        assert!(encode_request(&"x".repeat(MAX_REQUEST + 1)).is_none());
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(status(*b"OKAY"), Ok(Status::Okay));
        assert_eq!(status(*b"FAIL"), Ok(Status::Fail));
        assert!(status(*b"HTTP").unwrap_err().contains("HTTP"));
        assert_eq!(length(*b"00fF"), Ok(255));
        assert!(length(*b"+0ff").is_err() && length(*b"00 1").is_err());
    }

    #[test]
    fn failures_say_whether_a_retry_can_help() {
        let of = |message| failure("S", message);
        assert!(matches!(
            of("device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set"),
            LinkError::Unauthorized { .. }
        ));
        assert!(matches!(of("device offline"), LinkError::NotReady { .. }));
        assert!(matches!(of("device 'S' not found"), LinkError::NoDevice { .. }));
        assert!(of("closed").can_retry() && of("device still authorizing").can_retry());
        assert!(!of("unknown host service").can_retry());
        assert!(!of("").to_string().contains('\n'));
    }

    proptest! {
        #[test]
        fn no_answer_makes_a_parser_panic(bytes in any::<[u8; 4]>(), text in ".*") {
            let _ = status(bytes);
            let _ = length(bytes);
            prop_assert!(!failure("S", &text).to_string().contains('\n'));
        }

        #[test]
        fn lengths_are_read_back(request in "[ -~]{0,300}") {
            let bytes = encode_request(&request).unwrap();
            let digits: [u8; 4] = bytes[..4].try_into().unwrap();
            prop_assert_eq!(length(digits), Ok(bytes.len() - 4));
        }
    }
}
