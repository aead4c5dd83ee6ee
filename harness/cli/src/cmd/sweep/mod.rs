//! `bench sweep`: plan, measure, record, show.

mod condition;
mod finish;
mod prepare;
mod ready;
mod resume;

use super::Outcome;
use crate::{args::SweepArgs, interrupt, show::Progress, tool};
use ready::Ready;
use slm_plan::{
    error::{Error, Result},
    interrupt::Interrupt,
};
use slm_sweep::{
    fleet::{DeviceEnd, Fleet},
    store::SweepEvent,
};

/// Runs the command.
pub(super) fn run(args: &SweepArgs) -> Result<Outcome> {
    let interrupt = interrupt::listen()?;
    let prepared = match &args.resume {
        Some(folder) => resume::resume(args, folder, &interrupt).map(Some),
        None => prepare::prepare(args, &interrupt),
    };
    let prepared = prepared.map_err(|error| match error {
        // A device is not waited for once the user asked to stop: that is why it failed.
        Error::Device(_) if interrupt.is_set() => Error::Interrupted,
        error => error,
    })?;
    // `--dry-run` leaves nothing to do.
    let Some(mut ready) = prepared else { return Ok(Outcome::Done) };
    let ends = measure(&mut ready, &interrupt, args.resume.is_some())?;
    finish::finish(args, &ready, ends)
}

/// Measures what is left, on all devices at once.
fn measure(ready: &mut Ready, interrupt: &Interrupt, resumed: bool) -> Result<Vec<DeviceEnd>> {
    let Ready { store, id, plan, members, prepared, .. } = ready;
    let mut progress = Progress::new(plan, store.tables());
    store.record(&SweepEvent::RunStarted { command: tool::command_line(), resumed })?;
    for event in prepared.drain(..) {
        store.record(&event)?;
    }
    let mut watch = |tables: &_, event: &_| progress.show(plan, tables, event);
    let ends = Fleet { plan, sweep: id, members, interrupt }.run(store, &mut watch)?;
    progress.clear();
    for (member, end) in members.iter().zip(&ends) {
        // One that is away gets its settings back as its claim ends, if it is there by then.
        let is_there = !matches!(end, DeviceEnd::Lost(_));
        if let Some(state) = is_there.then(|| condition::restore(member.device.as_ref())).flatten() {
            store.record(&SweepEvent::DeviceLeft { device: member.device.name().to_owned(), state })?;
        }
    }
    let interrupted = ends.iter().any(|end| matches!(end, DeviceEnd::Interrupted));
    store.record(&SweepEvent::RunEnded { interrupted })?;
    Ok(ends)
}
