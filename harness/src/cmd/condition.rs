//! What state phones are in before a sweep and after it.

use crate::{
    cli::SweepArgs,
    device::{
        Device,
        readiness::{Needs, PhoneRecord, Readiness, Setting, Severity, Wishes, is_wireless},
    },
    error::Result,
    plan::Plan,
    show::{clean, note},
};

/// Makes a device ready that is claimed, and tells what is worth a warning. `recorded`: how
/// the sweep found the phone first. Its settings hold for the rest too, or half of a cell would
/// be measured under others.
///
/// # Errors
/// As [`Device::prepare`].
pub(super) fn prepare(
    args: &SweepArgs,
    plan: &Plan,
    device: &dyn Device,
    recorded: Option<&PhoneRecord>,
) -> Result<Option<Box<PhoneRecord>>> {
    let models = &plan.input.models;
    let largest = models.iter().max_by_key(|model| model.file_bytes);
    let needs = Needs {
        largest_model: largest.map(|model| (clean(&model.name), model.file_bytes)),
        space: Some(models.iter().map(|model| model.file_bytes).sum()),
        wireless: device.serial().is_some_and(is_wireless),
    };
    let mut settings: Vec<Setting> = recorded.map_or_else(Vec::new, |phone| phone.changed.settings.clone());
    for setting in args.phone.settings() {
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }
    let wishes = Wishes { settings, needs, force: args.phone.force };
    let Some(record) = device.prepare(&wishes)? else { return Ok(None) };
    let name = clean(device.name());
    if !record.put_back.is_empty() {
        note(&format!("{name}: put back what an earlier sweep had changed: {}", record.put_back.join(", ")));
    }
    let warned = record.findings.iter().filter(|finding| finding.severity >= Severity::Warning);
    for text in record.described.warnings.iter().chain(warned.map(|finding| &finding.text)) {
        note(&format!("{name}: {}", clean(text)));
    }
    Ok(Some(Box::new(record)))
}

/// Puts a device's settings back and tells its state then. What does not go back is
/// told; the sweep's results are none the worse.
pub(super) fn settle(device: &dyn Device) -> Option<Box<Readiness>> {
    device
        .settle()
        .unwrap_or_else(|error| {
            note(&clean(&error.to_string()));
            None
        })
        .map(Box::new)
}
