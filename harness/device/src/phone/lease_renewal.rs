//! The lease on changed settings: while a sweep runs, a thread renews it every few
//! minutes. A phone whose lease runs out restores its settings by itself.

use super::retrying_link::RetryingLink;
use crate::{
    Notice,
    readiness::{
        Lease, LeaseStatus, PhonePreparation, PhoneState, Setting, Unrestorable, change, renew, restore,
    },
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

/// The variable that sets the lease's length.
const LEASE_VARIABLE: &str = "SLM_PHONE_LEASE";

/// The length of leases: the usual one, unless the user asked for another.
pub(super) fn lease() -> Result<Lease> {
    let Some(asked) = variable::duration(LEASE_VARIABLE)? else { return Ok(Lease::USUAL) };
    Lease::new(asked).ok_or_else(|| {
        let what = format!("{LEASE_VARIABLE} is '{}': too short", humantime::format_duration(asked));
        Error::input(what, format!("give {} or more", humantime::format_duration(Lease::SHORTEST)))
    })
}

/// Renews the lease of one phone while settings are changed there. Shared by the phone and
/// its claim.
#[derive(Clone, Default)]
pub(super) struct LeaseRenewer(Arc<Mutex<Option<RenewalThread>>>);

/// Changed settings, and what is needed to change them again.
pub(super) struct LeasedSettings {
    link: RetryingLink,
    root: String,
    before: PhoneState,
    settings: Vec<Setting>,
    lease: Lease,
}

struct RenewalThread {
    leased: Arc<LeasedSettings>,
    /// Dropped to end the thread.
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl LeaseRenewer {
    /// Starts to renew the lease of these settings.
    pub(super) fn start(&self, leased: LeasedSettings) {
        let leased = Arc::new(leased);
        let (stop, stopped) = channel();
        let of_thread = Arc::clone(&leased);
        let thread = thread::spawn(move || of_thread.renew_until(&stopped));
        let old = self.replace(Some(RenewalThread { leased, stop, thread }));
        drop(old.map(RenewalThread::stop));
    }

    /// Stops renewing, and gives the settings that were leased.
    pub(super) fn stop(&self) -> Option<Arc<LeasedSettings>> {
        self.replace(None).map(RenewalThread::stop)
    }

    /// Stops renewing, and restores what is still changed: the sweep ended without doing so.
    pub(super) fn stop_and_restore(&self) {
        let Some(leased) = self.stop() else { return };
        if let Err(error) = restore(leased.link.inner(), &leased.root, Unrestorable::Keep) {
            leased.link.notify(Notice::SettingsNotRestored(error.to_string()));
        }
    }

    fn replace(&self, new: Option<RenewalThread>) -> Option<RenewalThread> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), new)
    }
}

impl RenewalThread {
    /// Waits for a renewal in progress: it must not change a setting that is restored next.
    fn stop(self) -> Arc<LeasedSettings> {
        drop(self.stop);
        let _ = self.thread.join();
        self.leased
    }
}

impl LeasedSettings {
    /// The settings that were changed on a phone.
    pub(super) fn new(link: &RetryingLink, root: &str, phone: &PhonePreparation, lease: Lease) -> Self {
        let (before, settings) = (phone.before.clone(), phone.changed.settings.clone());
        Self { link: link.clone(), root: root.to_owned(), before, settings, lease }
    }

    fn renew_until(&self, stopped: &Receiver<()>) {
        while stopped.recv_timeout(self.lease.renew_every()) == Err(RecvTimeoutError::Timeout) {
            self.renew();
        }
    }

    /// Renews the lease once. Of a phone that cannot be reached, the next renewal takes care.
    fn renew(&self) {
        let (link, serial) = (self.link.inner(), self.link.serial());
        if renew(link, &self.root, self.lease) != Ok(LeaseStatus::Expired) {
            return;
        }
        if let Err(error) = change(link, &self.root, serial, &self.before, &self.settings, self.lease) {
            let why = format!("its settings are no longer changed: {error}");
            self.link.notify(Notice::SettingsNotRestored(why));
        }
    }
}
