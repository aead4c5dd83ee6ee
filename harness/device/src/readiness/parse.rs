//! Parses what Android's services print, on phones of many makers. Whatever is not in the
//! expected form counts as unknown.

use super::{PhoneState, PowerSource, StayAwake};
use slm_protocol::{
    battery::{celsius, volts},
    degrees::{Part, Unit},
};
use slm_results::schema::ThermalStatus;
use std::collections::BTreeMap;

/// Parses the answer of `read.sh`; `None` where its end is missing.
pub(super) fn parse(text: &str) -> Option<PhoneState> {
    let parts = parts(text);
    parts.get("end")?;
    let part = |name: &str| parts.get(name).map_or("", String::as_str);
    let word = |name: &str| part(name).split_whitespace().next().filter(|word| is_word(word));
    let flag = |name: &str| match word(name)? {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    };
    let mut all = PhoneState {
        clock_unix_s: part("clock").lines().next().and_then(number),
        uptime_s: part("clock").lines().nth(1).and_then(positive),
        boot_id: word("boot").map(str::to_owned),
        oom_kills: field(part("oom"), "oom_kill").and_then(number),
        memory_total: kilobytes(part("memory"), "MemTotal:"),
        memory_available: kilobytes(part("memory"), "MemAvailable:"),
        space_free: space(part("space")),
        doze_deep: word("deep").filter(|word| is_state(word)).map(str::to_owned),
        doze_light: word("light").filter(|word| is_state(word)).map(str::to_owned),
        battery_saver: flag("saver"),
        airplane_mode: flag("airplane"),
        stay_awake: match word("stay-awake") {
            Some("null") => Some(StayAwake::NeverSet),
            word => word.and_then(number).map(StayAwake::At),
        },
        left_changed: left_changed(part("record")),
        ..PhoneState::default()
    };
    battery(part("battery"), &mut all);
    supply(part("supply"), &mut all);
    thermal(part("thermal"), &mut all);
    let power = part("power");
    all.wakefulness = value_after(power, "mWakefulness=").filter(|word| is_word(word)).map(str::to_owned);
    // `Display Power` is gone from newer versions, `get screen` is missing in older ones.
    all.screen_on = match value_after(power, "Display Power: state=") {
        Some("ON" | "VR") => Some(true),
        Some("OFF" | "DOZE" | "DOZE_SUSPEND" | "ON_SUSPEND") => Some(false),
        _ => flag("screen").or_else(|| all.wakefulness.as_deref().map(|state| state == "Awake")),
    };
    Some(all)
}

/// Splits at the lines `@@name`.
fn parts(text: &str) -> BTreeMap<&str, String> {
    let mut parts: BTreeMap<&str, String> = BTreeMap::new();
    let mut name = None;
    for line in text.lines().map(|line| line.trim_end_matches('\r')) {
        if let Some(next) = line.strip_prefix("@@") {
            name = Some(next);
            parts.entry(next).or_default();
        } else if let Some(part) = name.and_then(|name| parts.get_mut(name)) {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts
}

/// `dumpsys battery`: AOSP's lines come first, makers add their own behind them
/// (`BatteryService.dumpInternal`), so the first line of a name counts.
fn battery(text: &str, all: &mut PhoneState) {
    let value = |name: &str| field(text, name);
    let level = value("level:").and_then(positive);
    let scale = value("scale:").and_then(positive).filter(|&scale| scale > 0.0);
    // A phone without a battery (a board, an emulator) reports a level all the same.
    let present = value("present:") != Some("false");
    all.battery_percent = level.zip(scale).map(|(level, scale)| 100.0 * level / scale);
    all.battery_percent = all.battery_percent.filter(|percent| present && (0.0..=100.0).contains(percent));
    let sources = [
        ("AC powered:", PowerSource::Charger),
        ("USB powered:", PowerSource::Usb),
        ("Wireless powered:", PowerSource::Wireless),
        ("Dock powered:", PowerSource::Dock),
    ];
    let reported: Vec<_> =
        sources.iter().filter_map(|(name, source)| Some((value(name)?, *source))).collect();
    let plugged = reported.iter().find(|(on, _)| *on == "true").map(|(_, source)| *source);
    let unplugged = (!reported.is_empty() && reported.iter().all(|(on, _)| *on == "false"))
        .then_some(PowerSource::Battery);
    all.power_source = plugged.or(unplugged);
    // android.os.BatteryManager: 2 charging, 3 discharging, 4 not charging, 5 full.
    all.charging = match value("status:") {
        Some("2" | "5") => Some(true),
        Some("3" | "4") => Some(false),
        _ => None,
    };
    all.battery_temp_c = value("temperature:").and_then(finite).and_then(celsius);
    all.battery_voltage_v = value("voltage:").and_then(finite).and_then(volts);
    all.battery_values_forced = value("level:").map(|_| text.contains("UPDATES STOPPED"));
}

/// The kernel's power supply class, for what the service did not say.
fn supply(text: &str, all: &mut PhoneState) {
    let value = |name: &str| field(text, name).and_then(finite);
    if field(text, "present:") == Some("0") {
        return;
    }
    let percent = value("capacity:").filter(|percent| (0.0..=100.0).contains(percent));
    all.battery_percent = all.battery_percent.or(percent);
    all.battery_temp_c = all.battery_temp_c.or(value("temp:").and_then(celsius));
    all.battery_voltage_v = all.battery_voltage_v.or(value("voltage_now:").and_then(volts));
    let status = field(text, "status:");
    all.charging = all.charging.or(match status {
        Some("Charging" | "Full") => Some(true),
        Some("Discharging" | "Not charging") => Some(false),
        _ => None,
    });
    let on_battery = (status == Some("Discharging")).then_some(PowerSource::Battery);
    all.power_source = all.power_source.or(on_battery);
}

/// `dumpsys thermalservice`. Only sensors of the types CPU (0) and SKIN (3) count, of
/// the current readings rather than the cached ones, where there are any; Pixels list dozens
/// of virtual sensors of other types with values such as -1937, and Samsungs say 0.0 for one
/// that is not there.
fn thermal(text: &str, all: &mut PhoneState) {
    all.thermal_status = field(text, "Thermal Status:").and_then(number).and_then(ThermalStatus::from_number);
    let block = |heading: &str| {
        let (_, rest) = text.split_once(heading)?;
        let sensors = rest.lines().skip(1).map(str::trim);
        let block: Vec<&str> = sensors.take_while(|line| line.starts_with("Temperature{")).collect();
        (!block.is_empty()).then_some(block)
    };
    let sensors = block("Current temperatures from HAL").or_else(|| block("Cached temperatures"));
    let sensors = sensors.unwrap_or_default();
    let hottest = |wanted: &str, part: Part| {
        let degrees = sensors.iter().filter_map(|line| {
            let fields = line.strip_prefix("Temperature{")?.strip_suffix('}')?;
            let get =
                |name: &str| fields.split(", ").find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            let raw = (get("mType") == Some(wanted)).then(|| get("mValue").and_then(finite)).flatten()?;
            Unit::of(raw, part)?.degrees(raw)
        });
        degrees.reduce(f64::max)
    };
    (all.cpu_temp_c, all.skin_temp_c) = (hottest("0", Part::Inner), hottest("3", Part::Outer));
}

/// `df -P -k`: the number before the share in per cent is what is available. The
/// names on both sides may have blanks.
fn space(text: &str) -> Option<u64> {
    let line = text.lines().filter(|line| line.contains('%')).nth_back(0)?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let share = words.iter().position(|word| {
        word.strip_suffix('%')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    })?;
    number::<u64>(words.get(share.checked_sub(1)?)?)?.checked_mul(1024)
}

/// Names in the record of changed settings.
fn left_changed(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "version" && is_word(name)).map(str::to_owned).collect()
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let value = field(text, name)?.strip_suffix("kB")?;
    number::<u64>(value)?.checked_mul(1024)
}

/// The rest of the first line that begins with a name.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim)
}

/// The word after a mark, anywhere in a line.
fn value_after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark)?.1.split(|c: char| c.is_whitespace() || c == ',').next()
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn finite(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|value| value.is_finite())
}

fn positive(text: &str) -> Option<f64> {
    finite(text).filter(|&value| value >= 0.0)
}

/// One word of a state or id, as it may stand in a file or on a terminal.
fn is_word(word: &str) -> bool {
    word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A state of doze: `IDLE_MAINTENANCE`, not `Unknown` or an error's first word.
fn is_state(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}
