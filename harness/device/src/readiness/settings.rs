//! Settings that a sweep changes when asked to, and puts back however it ends. Before
//! anything is changed, what it was is written to a record on the phone. Whoever comes
//! next puts it back: this sweep at its end, a watch on the phone when the host is
//! not heard of any more, or the next sweep or `bench devices restore`.

use super::{Lease, Readiness};
use crate::{LinkError, Shell, quote};
use serde::{Deserialize, Serialize};
use slm_plan::error::{Error, Result};
use std::{fmt::Write, time::Duration};

const PATIENCE: Duration = Duration::from_secs(45);
const RESTORE: &str = include_str!("restore.sh");
const WATCH: &str = include_str!("watch.sh");

/// A setting that a sweep may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// Clocks that the phone can hold, rather than the highest (Android 11+). Android
    /// does not tell whether it was on; it is off after a start, so it is put off.
    FixedPerformance,
    /// No radio: fewer interruptions (Android 11+).
    AirplaneMode,
    /// The screen stays on while plugged in, so that the phone does not sleep.
    StayAwake,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FixedPerformance, Self::AirplaneMode, Self::StayAwake];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.name() == name)
    }

    /// Name, as on the command line (behind `--`) and in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::FixedPerformance => "fixed-performance",
            Self::AirplaneMode => "airplane-mode",
            Self::StayAwake => "stay-awake",
        }
    }

    /// The command that changes it.
    fn command(self) -> &'static str {
        match self {
            Self::FixedPerformance => "cmd power set-fixed-performance-mode-enabled true",
            Self::AirplaneMode => "cmd connectivity airplane-mode enable",
            Self::StayAwake => "svc power stayon true",
        }
    }

    /// The command that succeeds when it has taken. Of fixed performance, Android tells
    /// nothing but the command's own status.
    fn check(self) -> &'static str {
        match self {
            Self::FixedPerformance => "true",
            Self::AirplaneMode => "[ \"$(settings get global airplane_mode_on)\" = 1 ]",
            Self::StayAwake => "[ \"$(settings get global stay_on_while_plugged_in)\" -gt 0 ]",
        }
    }

    /// What it was, as the record has it; `None` where the phone does not tell.
    fn before(self, state: &Readiness) -> Option<String> {
        match self {
            Self::FixedPerformance => Some("off".into()),
            Self::AirplaneMode => state.airplane_mode.map(|on| u8::from(on).to_string()),
            // A setting that was never made reads as `null`.
            Self::StayAwake => Some(state.stay_awake.map_or_else(|| "null".into(), |mask| mask.to_string())),
        }
    }
}

/// What was changed on a phone. Goes into the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The settings.
    pub settings: Vec<Setting>,
}

/// Whether settings are still as the sweep wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// They are, and the watch waits anew.
    Kept,
    /// The watch has put them back meanwhile: change them again.
    Restored,
}

/// Whether a phone of this serial is reached over a network: `host:port`, or the name
/// that wireless debugging has.
pub fn is_wireless(serial: &str) -> bool {
    let port = serial.rsplit_once(':').map(|(_, port)| port.parse::<u16>().is_ok());
    port.unwrap_or(false) || serial.trim_end_matches('.').ends_with("._adb-tls-connect._tcp")
}

/// Changes settings, their record and a watch first. `lease` is how long the phone
/// waits for a [`renew`] before it puts them back.
///
/// # Errors
/// [`Error::Input`] for airplane mode over Wi-Fi, and where the phone refuses one: then
/// nothing stays changed. [`Error::Device`] when the link fails; then the watch or
/// the next sweep puts back what was changed.
pub fn change(
    shell: &dyn Shell,
    root: &str,
    serial: &str,
    state: &Readiness,
    wanted: &[Setting],
    lease: Lease,
) -> Result<Changed> {
    if wanted.contains(&Setting::AirplaneMode) && is_wireless(serial) {
        let what = format!("--airplane-mode would cut the Wi-Fi that {serial} is reached over");
        return Err(Error::input(what, "attach the phone by USB, or leave the option out"));
    }
    let mut record = String::from("version 1\n");
    let mut commands = String::new();
    for setting in wanted {
        let name = setting.name();
        let Some(before) = setting.before(state) else {
            let what = format!("{serial} does not tell what its {name} is now, so it could not be put back");
            return Err(Error::input(what, format!("leave out --{name}")));
        };
        let _ = writeln!(record, "{name} {before}");
        let (set, check) = (setting.command(), quote(setting.check()));
        let _ = writeln!(commands, "set_it {name} {check} {set}");
    }
    if wanted.is_empty() {
        return Ok(Changed::default());
    }
    let script = change_script(root, &record, &commands, lease);
    let output = shell.run(&script, PATIENCE).map_err(|error| lost(&error))?;
    let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " ");
    match output.code {
        0 => Ok(Changed { settings: wanted.to_vec() }),
        REFUSED => {
            restore(shell, root)?;
            let what = format!("{serial} did not accept a setting: {words}");
            Err(Error::input(what, "leave out its option; nothing stays changed"))
        }
        HELD => Err(Error::Device(format!(
            "{serial}: settings of an earlier sweep are not put back yet; run `bench devices restore`"
        ))),
        code => Err(Error::Device(format!(
            "{serial}: the record of its settings could not be written (status {code}: {words}); nothing was changed"
        ))),
    }
}

const HELD: u8 = 91;
const REFUSED: u8 = 93;

fn change_script(root: &str, record: &str, commands: &str, lease: Lease) -> String {
    let dir = quote(&format!("{root}/settings"));
    let (restore, watch, record) = (quote(RESTORE), quote(WATCH), quote(record));
    let (lease, every_s) = (lease.seconds(), lease.watch_every_s());
    format!(
        r#"dir={dir}
mkdir -p "$dir" || exit 92
[ ! -e "$dir/restore" ] || exit {HELD}
printf %s {restore} >"$dir/restore.sh" && printf %s {watch} >"$dir/watch.sh" || exit 92
read -r up _ </proc/uptime && echo $((${{up%%.*}} + {lease})) >"$dir/lease" || exit 92
printf %s {record} >"$dir/restore.new" && mv "$dir/restore.new" "$dir/restore" || exit 92
(setsid sh "$dir/watch.sh" "$dir" {every_s} </dev/null >/dev/null 2>&1 &)
refused=
set_it() {{
    name=$1 check=$2; shift 2
    words=$("$@" </dev/null 2>&1) && eval "$check" </dev/null 2>/dev/null && return
    refused=1; echo "$name: ${{words:-no effect}}" >&2
    # What the phone does not have cannot be put back either.
    [ "$name" != fixed-performance ] ||
        {{ grep -v "^$name " "$dir/restore" >"$dir/restore.new" && mv "$dir/restore.new" "$dir/restore"; }}
}}
{commands}[ -z "$refused" ] || exit {REFUSED}
"#
    )
}

/// Tells the phone that the host is still there. To be called well within the lease.
///
/// # Errors
/// The link's.
pub fn renew(shell: &dyn Shell, root: &str, lease: Lease) -> std::result::Result<Renewal, LinkError> {
    let dir = quote(&format!("{root}/settings"));
    let lease = lease.seconds();
    let script = format!(
        r#"dir={dir}; [ -f "$dir/restore" ] || exit 1
read -r up _ </proc/uptime && echo $((${{up%%.*}} + {lease})) >"$dir/lease.new" && mv "$dir/lease.new" "$dir/lease""#
    );
    shell
        .run(&script, PATIENCE)
        .map(|output| if output.code == 0 { Renewal::Kept } else { Renewal::Restored })
}

/// Puts back what any sweep has changed on a phone, and tells what that was: nothing
/// where there is no record.
///
/// # Errors
/// [`Error::Device`] when the link fails or the phone does not take a setting back; the
/// record then stays for the next attempt.
pub fn restore(shell: &dyn Shell, root: &str) -> Result<Vec<String>> {
    let dir = quote(&format!("{root}/settings"));
    // This bench's own script: the one on the phone may be of another version.
    let script = format!("sh -c {} restore.sh {dir}", quote(RESTORE));
    let output = shell.run(&script, PATIENCE).map_err(|error| lost(&error))?;
    if output.code == 0 {
        return Ok(output.text().lines().map(str::to_owned).collect());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " ");
    Err(Error::Device(format!(
        "settings could not be put back on the phone ({words}); run `bench devices restore`, or restart the phone and look into its settings"
    )))
}

fn lost(error: &LinkError) -> Error {
    Error::Device(format!(
        "{error}; attach the phone again: it puts its settings back by itself, or at the next sweep"
    ))
}
