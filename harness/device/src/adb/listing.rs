//! What is attached to an adb server: the lines of `host:devices-l`. A line that is not
//! understood costs no other.

/// A phone that an adb server knows, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedPhone {
    /// Its serial.
    pub serial: String,
    /// `device` when it can be used, else `offline`, `unauthorized`, `no permissions`…
    pub state: String,
    /// `ro.product.model`, with underscores for what is no letter or digit.
    pub model: Option<String>,
}

impl AttachedPhone {
    /// Whether commands can be sent to it.
    pub fn is_ready(&self) -> bool {
        self.state == "device"
    }
}

/// Keys of the pairs that may follow a state.
const KEYS: [&str; 5] = ["usb:", "product:", "model:", "device:", "transport_id:"];

/// Reads a whole list; an empty line is left out.
pub(super) fn parse(text: &str) -> Vec<AttachedPhone> {
    text.lines().filter_map(line).collect()
}

/// The serial is padded to 22 columns and a space follows it; in the short form a
/// tab does.
fn line(line: &str) -> Option<AttachedPhone> {
    // A serial may hold blanks, but its padding ends before the state, which is known.
    let (serial, rest) = split_serial(line)?;
    let mut words = rest.split_whitespace().peekable();
    let mut state = vec![words.next()?];
    // `no permissions (user in plugdev group; …)` ends where the pairs begin.
    while let Some(word) = words.next_if(|word| !KEYS.iter().any(|key| word.starts_with(key))) {
        state.push(word);
    }
    let state = match state[0] {
        "no" => "no permissions".to_owned(),
        // Without a `usb:`, the bus path stands alone: it is no part of the state.
        word => word.to_owned(),
    };
    let model = words.find_map(|word| word.strip_prefix("model:")).map(str::to_owned);
    Some(AttachedPhone { serial: serial.to_owned(), state, model })
}

/// States that adb knows.
const STATES: [&str; 14] = [
    "device",
    "offline",
    "unauthorized",
    "authorizing",
    "connecting",
    "bootloader",
    "recovery",
    "rescue",
    "sideload",
    "host",
    "no permissions",
    "detached",
    "fastbootd",
    "unknown",
];

fn split_serial(line: &str) -> Option<(&str, &str)> {
    if let Some((serial, rest)) = line.split_once('\t') {
        return (!serial.trim().is_empty()).then(|| (serial.trim(), rest));
    }
    let starts_with_state = |rest: &str| {
        STATES.iter().any(|state| {
            rest.strip_prefix(state)
                .is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace))
        })
    };
    let blanks = line.char_indices().filter(|(_, c)| *c == ' ');
    for (at, _) in blanks {
        let (serial, rest) = (line[..at].trim(), line[at..].trim_start());
        if !serial.is_empty() && starts_with_state(rest) {
            return Some((serial, rest));
        }
    }
    // A state that is newer than this program.
    let (serial, rest) = line.trim().split_once(' ')?;
    Some((serial, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(line: &str) -> (String, String, Option<String>) {
        let attached = parse(line).pop().unwrap_or_else(|| panic!("{line:?} says nothing"));
        (attached.serial, attached.state, attached.model)
    }

    #[test]
    fn every_form_of_a_line_is_understood() {
        for (line, serial, state, model) in [
            (
                "R5CX10ABCDE            device usb:1-5 product:e1sxeea model:SM_S921B device:e1s transport_id:4",
                "R5CX10ABCDE",
                "device",
                Some("SM_S921B"),
            ),
            (
                "127.0.0.1:7555         device product:x model:SM_S921B device:e1s transport_id:1",
                "127.0.0.1:7555",
                "device",
                Some("SM_S921B"),
            ),
            (
                "7a5158f05122195aa      device 1-5 product:gts model:SM_T813 device:g transport_id:4",
                "7a5158f05122195aa",
                "device",
                Some("SM_T813"),
            ),
            ("emulator-5554          offline transport_id:2", "emulator-5554", "offline", None),
            (
                "R5CX10ABCDE            unauthorized usb:1-5 transport_id:9",
                "R5CX10ABCDE",
                "unauthorized",
                None,
            ),
            (
                "0123456789             no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html] usb:1-1 transport_id:3",
                "0123456789",
                "no permissions",
                None,
            ),
            ("a;b $(touch x)         device transport_id:1", "a;b $(touch x)", "device", None),
            ("short\tunauthorized", "short", "unauthorized", None),
            ("odd                    hibernating transport_id:1", "odd", "hibernating", None),
        ] {
            assert_eq!(seen(line), (serial.into(), state.into(), model.map(str::to_owned)), "{line}");
        }
    }

    #[test]
    fn one_odd_line_costs_no_other() {
        let all = parse("\n???\nemulator-5554 device transport_id:1\n   \n");
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(all[0].is_ready());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(?s).*") {
            let _ = parse(&text);
        }

        #[test]
        fn what_adb_writes_is_read_back(serial in "[A-Za-z0-9:.;$()-]{1,30}", model in "[A-Za-z0-9_]{1,12}") {
            let line = format!("{serial:<22} device usb:1-1 product:p model:{model} device:d transport_id:7");
            prop_assert_eq!(seen(&line), (serial, "device".to_owned(), Some(model)));
        }
    }
}
