//! Settings that stay changed while a sweep runs: the phone hears of its host every few
//! minutes, since it puts them back when it does not.

use super::reach::Reach;
use crate::{
    Notice,
    readiness::{Lease, PhonePreparation, Readiness, Renewal, Setting, change, renew, restore},
};
use slm_plan::{
    error::{Error, Result},
    variable,
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
};

/// A variable for those who want their phones back sooner, or may let them wait longer.
const LEASE_VARIABLE: &str = "SLM_PHONE_LEASE";

/// How long a phone keeps changed settings without word of this host.
pub(super) fn lease() -> Result<Lease> {
    let Some(asked) = variable::duration(LEASE_VARIABLE)? else { return Ok(Lease::USUAL) };
    Lease::new(asked).ok_or_else(|| {
        let what = format!("{LEASE_VARIABLE} is '{}': too short", humantime::format_duration(asked));
        Error::input(what, format!("give {} or more", humantime::format_duration(Lease::SHORTEST)))
    })
}

/// The settings of one phone, if any are changed; shared by the phone and its claim.
#[derive(Clone, Default)]
pub(super) struct Keeping(Arc<Mutex<Option<Watch>>>);

/// What is to be kept.
pub(super) struct Kept {
    reach: Reach,
    root: String,
    before: Readiness,
    settings: Vec<Setting>,
    lease: Lease,
}

struct Watch {
    kept: Arc<Kept>,
    /// Dropped to end the thread.
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Keeping {
    /// Begins to keep settings.
    pub(super) fn begin(&self, kept: Kept) {
        let kept = Arc::new(kept);
        let (stop, stopped) = channel();
        let mine = Arc::clone(&kept);
        let thread = thread::spawn(move || mine.renew_until(&stopped));
        let old = self.swap(Some(Watch { kept, stop, thread }));
        drop(old.map(Watch::stop));
    }

    /// Stops keeping them, and tells what was kept.
    pub(super) fn stop(&self) -> Option<Arc<Kept>> {
        self.swap(None).map(Watch::stop)
    }

    /// Puts back what is still changed: the sweep ended without doing so.
    pub(super) fn end(&self) {
        let Some(kept) = self.stop() else { return };
        if let Err(error) = restore(kept.reach.link(), &kept.root) {
            kept.reach.tell(Notice::SettingsLost(error.to_string()));
        }
    }

    fn swap(&self, new: Option<Watch>) -> Option<Watch> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), new)
    }
}

impl Watch {
    /// Waits for a renewal that is under way: it must not change anew what is put back next.
    fn stop(self) -> Arc<Kept> {
        drop(self.stop);
        let _ = self.thread.join();
        self.kept
    }
}

impl Kept {
    /// What was changed on a phone.
    pub(super) fn new(reach: &Reach, root: &str, record: &PhonePreparation, lease: Lease) -> Self {
        let (before, settings) = (record.before.clone(), record.changed.settings.clone());
        Self { reach: reach.clone(), root: root.to_owned(), before, settings, lease }
    }

    fn renew_until(&self, stopped: &Receiver<()>) {
        while stopped.recv_timeout(self.lease.renew_every()) == Err(RecvTimeoutError::Timeout) {
            self.renew();
        }
    }

    /// A phone that is away hears of its host at the next time.
    fn renew(&self) {
        let (link, serial) = (self.reach.link(), self.reach.serial());
        if renew(link, &self.root, self.lease) != Ok(Renewal::Restored) {
            return;
        }
        if let Err(error) = change(link, &self.root, serial, &self.before, &self.settings, self.lease) {
            let why = format!("its settings are no longer changed: {error}");
            self.reach.tell(Notice::SettingsLost(why));
        }
    }
}
