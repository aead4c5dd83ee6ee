//! Who a phone is, by its own properties.

use crate::{LinkError, Shell};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, time::Duration};

const TIMEOUT: Duration = Duration::from_secs(15);

/// A phone's properties (`getprop`), `None` where it has none of the name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `ro.product.manufacturer`
    pub manufacturer: Option<String>,
    /// `ro.product.model`, such as `SM-S921B`.
    pub model: Option<String>,
    /// `ro.product.device`, such as `e1s`.
    pub device: Option<String>,
    /// `ro.soc.manufacturer`; Android 12 and newer.
    pub soc_manufacturer: Option<String>,
    /// `ro.soc.model`, such as `s5e9945`; Android 12 and newer.
    pub soc_model: Option<String>,
    /// `ro.board.platform`
    pub board_platform: Option<String>,
    /// `ro.build.version.release`: the version of Android.
    pub android: Option<String>,
    /// `ro.build.version.sdk`
    pub sdk: Option<u32>,
    /// `ro.build.fingerprint`: exactly this build.
    pub fingerprint: Option<String>,
    /// `ro.product.cpu.abilist`
    pub abis: Option<String>,
    /// The same for every way to one phone, and for no other phone: what changes with each
    /// start of it, else its serial number. Not recorded.
    #[serde(skip)]
    pub unit: Option<String>,
}

const PROPERTIES: [&str; 10] = [
    "ro.product.manufacturer",
    "ro.product.model",
    "ro.product.device",
    "ro.soc.manufacturer",
    "ro.soc.model",
    "ro.board.platform",
    "ro.build.version.release",
    "ro.build.version.sdk",
    "ro.build.fingerprint",
    "ro.product.cpu.abilist",
];

/// Adds the property `unit`.
const UNIT: &str = r#"read -r unit 2> /dev/null < /proc/sys/kernel/random/boot_id
[ -n "$unit" ] || unit=$(getprop ro.serialno 2> /dev/null | tr '\n\r' '  ')
printf 'unit=%s\n' "$unit"
"#;

impl Identity {
    /// Asks the phone, in one round trip.
    ///
    /// # Errors
    /// The link's.
    pub fn read(shell: &dyn Shell) -> Result<Self, LinkError> {
        let mut script = String::new();
        for name in PROPERTIES {
            // A line of its own, whatever is in it.
            let value = format!("getprop {name} 2>/dev/null | tr '\\n\\r' '  '");
            let _ = writeln!(script, "printf '%s=%s\\n' {name} \"$({value})\"");
        }
        script.push_str(UNIT);
        shell.run(&script, TIMEOUT).map(|output| Self::parse(&output.text()))
    }

    fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        Self {
            manufacturer: value("ro.product.manufacturer"),
            model: value("ro.product.model"),
            device: value("ro.product.device"),
            soc_manufacturer: value("ro.soc.manufacturer"),
            soc_model: value("ro.soc.model"),
            board_platform: value("ro.board.platform"),
            android: value("ro.build.version.release"),
            sdk: value("ro.build.version.sdk").and_then(|sdk| sdk.parse().ok()),
            fingerprint: value("ro.build.fingerprint"),
            abis: value("ro.product.cpu.abilist"),
            unit: value("unit"),
        }
    }

    /// Model and SoC, for lists: `SM-S921B, s5e9945`.
    pub fn label(&self) -> String {
        let model = self.model.as_deref().unwrap_or("unknown model");
        self.soc_model.as_deref().map_or_else(|| model.to_owned(), |soc| format!("{model}, {soc}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn empty_properties_are_unknown() {
        let text =
            "ro.product.model=SM-S921B\nro.soc.model=\nro.build.version.sdk=34\nro.product.device=e1s\n";
        let identity = Identity::parse(text);
        assert_eq!((identity.label().as_str(), identity.sdk), ("SM-S921B", Some(34)));
        assert_eq!(identity.soc_model, None);
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_parser_panic(text in "(ro[.]product[.]model=.*\n|.*\n){0,4}") {
            let _ = Identity::parse(&text);
        }
    }
}
