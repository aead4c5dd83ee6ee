//! What state devices are in before a sweep and after it.

use crate::{args::PhoneArgs, show::note};
use slm_device::{
    Device,
    readiness::{Needs, PrepareRequest, Setting},
};
use slm_plan::{Plan, error::Result, text::clean};
use slm_results::condition::{Facts, Preparation, Severity};

/// Checks whether a device would be refused, changing nothing: before files are fetched,
/// which may take long. How large those are is not known yet.
///
/// # Errors
/// As [`Device::check`].
pub(super) fn check(args: &PhoneArgs, plan: &Plan, device: &dyn Device) -> Result<()> {
    device.check(&request(args, plan, None))
}

/// Prepares a claimed device, and shows what is worth a warning. `recorded`: the preparation
/// at the start of the sweep. Its settings are changed again, or half of a cell would be
/// measured under other settings.
///
/// # Errors
/// As [`Device::prepare`].
pub(super) fn prepare(
    args: &PhoneArgs,
    plan: &Plan,
    device: &dyn Device,
    recorded: Option<&Preparation>,
) -> Result<Option<Box<Preparation>>> {
    let request = request(args, plan, recorded);
    let Some(prepared) = device.prepare(&request)? else { return Ok(None) };
    let name = clean(device.name());
    if !prepared.put_back.is_empty() {
        let put_back = prepared.put_back.join(", ");
        note(&format!("{name}: put back what an earlier sweep had changed: {put_back}"));
    }
    for finding in prepared.findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
        note(&format!("{name}: {}", clean(&finding.text)));
    }
    Ok(Some(Box::new(prepared)))
}

/// Restores a device's settings and gives its state after that. A failure is shown; it does
/// not harm the sweep's results.
pub(super) fn restore(device: &dyn Device) -> Option<Facts> {
    device.restore().unwrap_or_else(|error| {
        note(&clean(&error.to_string()));
        None
    })
}

/// What a sweep asks of a device. `recorded`: as for [`prepare`].
fn request(args: &PhoneArgs, plan: &Plan, recorded: Option<&Preparation>) -> PrepareRequest {
    let models = &plan.input.models;
    let largest = models.iter().max_by_key(|model| model.file_bytes);
    let needs = Needs {
        largest_model: largest.map(|model| (clean(&model.name), model.file_bytes)),
        space: Some(models.iter().map(|model| model.file_bytes).sum()),
    };
    let recorded = recorded.into_iter().flat_map(|recorded| &recorded.changed);
    let mut settings: Vec<Setting> = recorded.filter_map(|name| name.parse().ok()).collect();
    for setting in args.settings() {
        if !settings.contains(&setting) {
            settings.push(setting);
        }
    }
    PrepareRequest { settings, needs, force: args.force }
}
