//! Whether a phone can be measured as it is.

use super::{PhoneState, PowerSource};
use slm_plan::{
    error::{Error, Result},
    text,
};
use slm_results::{
    condition::{Finding, Severity},
    schema::ThermalStatus,
};

/// A phone that is not charging is not measured below this battery level: makers lower the
/// clocks, and the sweep may not end. Per cent.
const LOW_BATTERY: f64 = 20.0;
/// Battery temperature from which phones are likely to throttle soon, °C.
const WARM_BATTERY_C: f64 = 38.0;
/// Battery temperature from which a phone is not measured, °C: the usual upper end of the range
/// in which phones charge, and above it they slow down.
const HOT_BATTERY_C: f64 = 45.0;
/// Space that agent and journal need at least, bytes.
const LEAST_SPACE: u64 = 128 << 20;

/// What a sweep needs of a phone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// Its largest model: name, and size of the weights, which is the least memory it takes.
    pub largest_model: Option<(String, u64)>,
    /// Bytes that it will put on the phone.
    pub space: Option<u64>,
}

/// What is wrong or notable about the state of a phone. What is unknown is said, and is no
/// reason to refuse it.
/// `is_wireless`: the phone is reached over Wi-Fi.
pub fn findings(state: &PhoneState, needs: &Needs, is_wireless: bool) -> Vec<Finding> {
    use Severity::{Note, Refusal, Warning};
    let mut found = Vec::new();
    let mut report = |severity, text: String| found.push(Finding { severity, text });
    if let Some(percent) = state.battery_percent.filter(|&percent| percent < LOW_BATTERY) {
        // Plugged in counts as charging where the phone does not say.
        let charging = state.charging.unwrap_or(state.power_source != Some(PowerSource::Battery));
        if charging {
            report(Warning, format!("the battery is at {percent:.0} %: some phones lower their clocks"));
        } else {
            report(
                Refusal,
                format!("the battery is at {percent:.0} % and not charging: charge it to {LOW_BATTERY:.0} %"),
            );
        }
    }
    match state.power_source {
        Some(PowerSource::Battery) | None => {}
        Some(_) => report(Note, "the phone has power from outside: energy is not measured".into()),
    }
    if state.battery_values_forced == Some(true) {
        report(
            Warning,
            "its battery values are frozen by hand: `adb shell dumpsys battery reset` frees them".into(),
        );
    }
    if let Some(status) = state.thermal_status.filter(|&status| status > ThermalStatus::None) {
        let severity = if status >= ThermalStatus::Severe { Refusal } else { Warning };
        report(severity, format!("its thermal status is {status}: let it cool down first"));
    }
    if let Some(celsius) = state.battery_temp_c.filter(|&celsius| celsius >= WARM_BATTERY_C) {
        if celsius >= HOT_BATTERY_C {
            report(Refusal, format!("its battery is at {celsius:.1} °C: let it cool down"));
        } else {
            report(Warning, format!("its battery is at {celsius:.1} °C: it will throttle soon"));
        }
    }
    let unknown = unknown(state);
    if !unknown.is_empty() {
        report(Warning, format!("it does not tell its {}: these are not checked", unknown.join(", ")));
    }
    if state.battery_saver == Some(true) {
        report(Warning, "battery saver is on and lowers the clocks: switch it off".into());
    }
    if let Some((model, needed)) = &needs.largest_model {
        let size = text::bytes(*needed);
        match (state.memory_total, state.memory_available) {
            (Some(total), _) if *needed > total => {
                let total = text::bytes(total);
                report(
                    Warning,
                    format!("{model} needs more than {size}, the phone has {total}: it will likely fail"),
                );
            }
            (_, Some(free)) if *needed > free => {
                let free = text::bytes(free);
                report(
                    Warning,
                    format!(
                        "{model} needs more than {size}, {free} are available: it may fail; close other apps"
                    ),
                );
            }
            _ => {}
        }
    }
    if let Some(free) = state.space_free {
        let (there, needed) = (text::bytes(free), needs.space.unwrap_or(0));
        if free < LEAST_SPACE {
            report(
                Refusal,
                format!("only {there} of space are left on it: free some, or run `bench devices clean`"),
            );
        } else if free < needed {
            let needed = text::bytes(needed);
            report(Warning, format!("{there} of space are left, all models take {needed}: some will fail"));
        }
    }
    if state.screen_on == Some(false) && is_wireless {
        report(
            Warning,
            "its screen is off: over Wi-Fi it may sleep within a trial; --stay-awake prevents that".into(),
        );
    }
    if state.doze_deep.as_deref().is_some_and(|state| state.starts_with("IDLE")) {
        report(Note, "it is in deep doze: background work is held back".into());
    }
    if !state.left_changed.is_empty() {
        report(Note, format!("an earlier sweep left settings changed: {}", state.left_changed.join(", ")));
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// What of the values that are checked a phone does not tell: a tool is missing, or says
/// something else than it should.
fn unknown(state: &PhoneState) -> Vec<&'static str> {
    let values = [
        ("battery level", state.battery_percent.is_none()),
        ("battery temperature", state.battery_temp_c.is_none()),
        ("thermal status", state.thermal_status.is_none()),
        ("free memory", state.memory_available.is_none()),
        ("free space", state.space_free.is_none()),
    ];
    values.into_iter().filter(|(_, is_unknown)| *is_unknown).map(|(name, _)| name).collect()
}

/// The findings about a phone that can be measured. With `force`, refusals become warnings.
///
/// # Errors
/// [`Error::Device`] with all refusals.
pub fn admit(device: &str, findings: Vec<Finding>, force: bool) -> Result<Vec<Finding>> {
    let refused: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Refusal)
        .map(|finding| finding.text.as_str())
        .collect();
    if refused.is_empty() || force {
        let lowered = |finding: Finding| match finding.severity {
            Severity::Refusal => Finding { severity: Severity::Warning, ..finding },
            _ => finding,
        };
        return Ok(findings.into_iter().map(lowered).collect());
    }
    Err(Error::Device(format!("{device}: {}; --force measures all the same", refused.join("; "))))
}
