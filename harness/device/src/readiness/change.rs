//! Changes settings for a sweep and restores them however the sweep ends. Before a change,
//! the old values are written to a record on the phone. They are restored by this sweep at
//! its end, by a watchdog on the phone when the lease runs out, by the next sweep, or by
//! `bench devices restore`.

use super::{Lease, PhoneState, Setting};
use crate::{LinkError, Shell, quote};
use serde::{Deserialize, Serialize};
use slm_plan::error::{Error, Result};
use std::{fmt::Write, time::Duration};

const TIMEOUT: Duration = Duration::from_secs(45);
/// Defines `ask`: a service of Android that does not answer is not waited for.
pub(super) const ASK: &str = include_str!("ask.sh");
const RESTORE: &str = concat!(include_str!("ask.sh"), include_str!("restore.sh"));
const WATCHDOG: &str = include_str!("watchdog.sh");

/// The settings that were changed on a phone. Goes into the manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedSettings {
    /// The settings.
    pub settings: Vec<Setting>,
}

/// Whether the settings of a lease are still changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseStatus {
    /// They are, and the lease runs anew.
    Renewed,
    /// The watchdog has restored them: change them again.
    Expired,
}

/// Whether a phone of this serial is reached over a network: `host:port`, or a name of
/// wireless debugging.
pub fn is_wireless(serial: &str) -> bool {
    let port = serial.rsplit_once(':').map(|(_, port)| port.parse::<u16>().is_ok());
    port.unwrap_or(false) || serial.trim_end_matches('.').ends_with("._adb-tls-connect._tcp")
}

/// Writes the record, starts the watchdog and changes the settings. Without a [`renew`]
/// within the lease, the phone restores them.
///
/// # Errors
/// [`Error::Input`] for airplane mode over Wi-Fi, and where the phone refuses one: then
/// nothing stays changed. [`Error::Device`] when the link fails; then the watchdog or the
/// next sweep restores what was changed.
pub fn change(
    shell: &dyn Shell,
    root: &str,
    serial: &str,
    state: &PhoneState,
    wanted: &[Setting],
    lease: Lease,
) -> Result<ChangedSettings> {
    let mut record = String::from("version 1\n");
    let mut commands = String::new();
    for (setting, before) in values_before(serial, state, wanted)? {
        let name = setting.into_str();
        let _ = writeln!(record, "{name} {before}");
        let (set, check) = (setting.command(), quote(setting.check()));
        let _ = writeln!(commands, "set_it {name} {check} {set}");
    }
    if wanted.is_empty() {
        return Ok(ChangedSettings::default());
    }
    let script = change_script(root, &record, &commands, lease);
    let output = shell.run(&script, TIMEOUT).map_err(|error| lost(&error))?;
    let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " ");
    match output.code {
        0 => Ok(ChangedSettings { settings: wanted.to_vec() }),
        REFUSED => {
            let what = format!("{serial} did not accept a setting: {words}");
            restore(shell, root, Unrestorable::Keep)
                .map_err(|error| Error::Device(format!("{what}; {error}")))?;
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

/// Settings with their values before a change, as the record has them.
///
/// # Errors
/// [`Error::Input`] for airplane mode over Wi-Fi, and for a setting that could not be restored.
pub(super) fn values_before(
    serial: &str,
    state: &PhoneState,
    wanted: &[Setting],
) -> Result<Vec<(Setting, String)>> {
    if wanted.contains(&Setting::AirplaneMode) && is_wireless(serial) {
        let what = format!("--airplane-mode would cut the Wi-Fi that {serial} is reached over");
        return Err(Error::input(what, "attach the phone by USB, or leave the option out"));
    }
    let value = |&setting: &Setting| {
        let name = setting.into_str();
        let before = setting.before(state).ok_or_else(|| {
            let what = format!("{serial} does not tell what its {name} is now, so it could not be put back");
            Error::input(what, format!("leave out --{name}"))
        })?;
        Ok((setting, before))
    };
    wanted.iter().map(value).collect()
}

/// Of `restore.sh`: all is restored, and its record cannot be removed.
const RECORD_LEFT: u8 = 94;
const HELD: u8 = 91;
const REFUSED: u8 = 93;

fn change_script(root: &str, record: &str, commands: &str, lease: Lease) -> String {
    let dir = quote(&format!("{root}/settings"));
    let (restore, watchdog, record) = (quote(RESTORE), quote(WATCHDOG), quote(record));
    let (lease, every_s) = (lease.seconds(), lease.watchdog_interval_s());
    format!(
        r#"dir={dir}
mkdir -p "$dir" || exit 92
[ ! -e "$dir/restore" ] || exit {HELD}
printf %s {restore} >"$dir/restore.sh" && printf %s {watchdog} >"$dir/watchdog.sh" || exit 92
read -r up _ </proc/uptime && echo $((${{up%%.*}} + {lease})) >"$dir/lease" || exit 92
printf %s {record} >"$dir/restore.new" && mv "$dir/restore.new" "$dir/restore" || exit 92
(setsid sh "$dir/watchdog.sh" "$dir" {every_s} </dev/null >/dev/null 2>&1 &)
{ASK}refused=
set_it() {{
    name=$1 check=$2; shift 2
    words=$(ask "$@" 2>&1) && eval "$check" </dev/null 2>/dev/null && return
    refused=1; echo "$name: ${{words:-no effect}}" >&2
    # What the phone does not offer cannot be restored either.
    [ "$name" != fixed-performance ] ||
        {{ grep -v "^$name " "$dir/restore" >"$dir/restore.new" && mv "$dir/restore.new" "$dir/restore"; }}
}}
{commands}[ -z "$refused" ] || exit {REFUSED}
"#
    )
}

/// Renews the lease. To be called well before it runs out.
///
/// # Errors
/// The link's.
pub fn renew(shell: &dyn Shell, root: &str, lease: Lease) -> std::result::Result<LeaseStatus, LinkError> {
    let dir = quote(&format!("{root}/settings"));
    let lease = lease.seconds();
    let script = format!(
        r#"dir={dir}; [ -f "$dir/restore" ] || exit 1
read -r up _ </proc/uptime && echo $((${{up%%.*}} + {lease})) >"$dir/lease.new" && mv "$dir/lease.new" "$dir/lease""#
    );
    shell
        .run(&script, TIMEOUT)
        .map(|output| if output.code == 0 { LeaseStatus::Renewed } else { LeaseStatus::Expired })
}

/// What becomes of a setting that cannot be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrestorable {
    /// It stays on record for the next attempt, and is an error.
    Keep,
    /// It is no longer on record.
    Forget,
}

/// What became of settings that a sweep left changed, each with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsLeft {
    /// Those restored.
    pub restored: Vec<String>,
    /// Those that cannot be restored and are no longer on record.
    pub forgotten: Vec<String>,
}

/// Restores what any sweep has changed on a phone, and gives what that was: nothing where
/// there is no record.
///
/// # Errors
/// [`Error::Device`] when the link fails, a setting that is kept on record cannot be restored,
/// or the record cannot be removed.
pub fn restore(shell: &dyn Shell, root: &str, unrestorable: Unrestorable) -> Result<SettingsLeft> {
    let dir = quote(&format!("{root}/settings"));
    let how = if unrestorable == Unrestorable::Forget { "forget" } else { "" };
    // This bench's own script: the one on the phone may be of another version.
    let script = format!("sh -c {} restore.sh {dir} {how}", quote(RESTORE));
    let output = shell.run(&script, TIMEOUT).map_err(|error| lost(&error))?;
    if output.code != 0 {
        let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " ");
        return Err(Error::Device(match (output.code, unrestorable) {
            (RECORD_LEFT, _) | (_, Unrestorable::Forget) => {
                format!("the record of settings could not be removed ({words}); see {root}/settings")
            }
            (_, Unrestorable::Keep) => format!(
                "settings could not be put back on the phone ({words}); run `bench devices restore`, which gives them up with --forget"
            ),
        }));
    }
    let mut settings = SettingsLeft::default();
    for line in output.text().lines() {
        match line.strip_prefix("forgotten: ") {
            Some(setting) => settings.forgotten.push(setting.to_owned()),
            None => settings.restored.push(line.to_owned()),
        }
    }
    Ok(settings)
}

fn lost(error: &LinkError) -> Error {
    Error::Device(format!(
        "{error}; attach the phone again: it puts its settings back by itself, or at the next sweep"
    ))
}
