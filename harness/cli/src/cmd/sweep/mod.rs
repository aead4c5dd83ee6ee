//! `bench sweep`: plan, measure, record, show.

mod ab;
mod condition;
mod finish;
mod prepare;
mod ready;
mod resume;
mod study;

use super::{Outcome, chat_template};
use crate::{args::SweepArgs, interrupt, show::Progress, tool};
pub(super) use ab::run as run_ab;
use ready::Ready;
use slm_plan::{
    error::{Error, Result},
    interrupt::Interrupt,
};
use slm_sweep::{
    fleet::{DeviceEnd, Fleet, Watch},
    store::SweepEvent,
};
use study::Study;

/// Runs the command.
pub(super) fn run(args: &SweepArgs) -> Result<Outcome> {
    let interrupt = interrupt::listen()?;
    let prepared = if let Some(folder) = &args.resume {
        resume::resume(args, folder, &interrupt).map(Some)
    } else {
        let mut request = args.request()?;
        request.output.template = args.chat_template.as_deref().map(chat_template::read).transpose()?;
        let study = Study::Sweep(Box::new(request));
        prepare::prepare(args, &study, &interrupt)
    };
    let prepared = prepared.map_err(|error| match error {
        // A device is not waited for once the user asked to stop: that is why it failed.
        Error::Device(_) if interrupt.is_set() => Error::Interrupted,
        error => error,
    })?;
    // `--dry-run` leaves nothing to do.
    let Some(mut ready) = prepared else { return Ok(Outcome::Done) };
    let mut progress = Progress::new(&ready.plan, ready.store.tables());
    let plan = ready.plan.clone();
    let mut watch = |tables: &_, event: &_| progress.show(&plan, tables, event);
    let ends = measure(&mut ready, &interrupt, args.resume.is_some(), &mut watch)?;
    progress.clear();
    finish::finish(args, &ready, ends)
}

/// Measures what is left, on all devices at once.
fn measure(
    ready: &mut Ready,
    interrupt: &Interrupt,
    resumed: bool,
    watch: &mut Watch<'_>,
) -> Result<Vec<DeviceEnd>> {
    let Ready { store, id, plan, members, prepared, .. } = ready;
    store.record(&SweepEvent::Started { command: tool::command_line(), resumed })?;
    for event in prepared.drain(..) {
        store.record(&event)?;
    }
    let ends = Fleet { plan, sweep: id, members, interrupt }.run(store, watch)?;
    for (member, end) in members.iter().zip(&ends) {
        // One that is away gets its settings back as its claim ends, if it is there by then.
        let is_there = !matches!(end, DeviceEnd::Lost(_));
        if let Some(state) = is_there.then(|| condition::restore(member.device.as_ref())).flatten() {
            store.record(&SweepEvent::DeviceLeft { device: member.device.name().to_owned(), state })?;
        }
    }
    let interrupted = ends.iter().any(|end| matches!(end, DeviceEnd::Interrupted));
    store.record(&SweepEvent::Ended { interrupted })?;
    Ok(ends)
}
