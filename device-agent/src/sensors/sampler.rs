//! Reads the sensors of a trial: before and after it on the caller's thread, and in
//! between every so often on one of its own. What was read is kept until the trial
//! is over, so that nothing is written meanwhile; only a very long trial writes.

use super::{all::Sensors, readings::Readings};
use crate::{
    host::output::Output,
    measure::helper_threads::{self, Priority},
};
use slm_protocol::{CpuList, Event, Sample};
use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Readings that are buffered at most: some minutes of a phone's.
const MAX_BUFFERED: usize = 16 << 10;

/// Within its first second a trial's clocks are read so often besides, so that a short trial's are known
/// too, without the time in which they rose.
const CLOCKS_EVERY: Duration = Duration::from_millis(50);
const CLOCKS_FOR: Duration = Duration::from_secs(1);

pub(crate) struct Sampler {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    sensors: Sensors,
    /// The trial that runs.
    running: Option<Running>,
    /// How often a trial's sensors are read; `None`: never within it.
    interval: Option<Duration>,
}

struct Running {
    readings: Readings,
    /// When all cheap sensors are due.
    next: Instant,
    /// When the clocks alone are due; `None`: no more.
    next_clocks: Option<Instant>,
    /// When the clocks have been read often enough.
    clocks_until: Instant,
}

impl Running {
    fn due(&self) -> Instant {
        self.next_clocks.map_or(self.next, |clocks| clocks.min(self.next))
    }
}

impl Sampler {
    /// Finds the sensors and starts the thread, if `interval_ms` is not 0.
    pub(crate) fn start(interval_ms: u64, output: &Output, cpus: Option<CpuList>) -> io::Result<Self> {
        let interval = (interval_ms > 0).then(|| Duration::from_millis(interval_ms));
        let state = State { sensors: Sensors::discover(), running: None, interval };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        if interval.is_some() {
            let (shared, output) = (Arc::clone(&shared), output.clone());
            helper_threads::spawn("telemetry", cpus, Priority::Lowest, move || shared.sample(&output))?;
        }
        Ok(Self { shared })
    }

    /// Which sensors are left out, and why, in one line; `None` where none is.
    pub(crate) fn left_out(&self) -> Option<String> {
        self.shared.lock().sensors.left_out()
    }

    /// Reads everything before a trial.
    pub(crate) fn begin(&self, trial_id: &str) {
        let mut state = self.shared.lock();
        let mut readings = Readings::new(trial_id);
        state.sensors.before(&mut readings);
        let now = Instant::now();
        let next = now + state.interval.unwrap_or_default();
        let is_rarer = state.interval > Some(CLOCKS_EVERY);
        let next_clocks = (is_rarer && state.sensors.has_clocks()).then_some(now + CLOCKS_EVERY);
        state.running = Some(Running { readings, next, next_clocks, clocks_until: now + CLOCKS_FOR });
        if state.interval.is_some() {
            self.shared.changed.notify_one();
        }
    }

    /// Reads everything after it, and gives all that was read.
    pub(crate) fn end(&self) -> Vec<Sample> {
        let mut state = self.shared.lock();
        let State { sensors, running, .. } = &mut *state;
        let Some(mut running) = running.take() else { return Vec::new() };
        sensors.after(&mut running.readings);
        running.readings.into_samples()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread: sleeps between trials and between readings. It looks after each
    /// sleep whether the trial that it slept in still runs.
    fn sample(&self, output: &Output) {
        let mut state = self.lock();
        loop {
            let State { sensors, running, interval } = &mut *state;
            let (Some(running), Some(interval)) = (running, *interval) else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (now, due) = (Instant::now(), running.due());
            if now < due {
                let wait = due - now;
                state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            // From now, not from when it was due: a thread that was starved has nothing to make up.
            if now < running.next {
                sensors.clocks(&mut running.readings);
            } else {
                sensors.within(&mut running.readings);
                running.next = Instant::now() + interval;
            }
            running.next_clocks = Some(Instant::now() + CLOCKS_EVERY)
                .filter(|next| running.next_clocks.is_some() && *next < running.clocks_until);
            if running.readings.len() > MAX_BUFFERED {
                for sample in running.readings.take() {
                    if output.emit(Event::Telemetry(sample)).is_err() {
                        return;
                    }
                }
            }
        }
    }
}
