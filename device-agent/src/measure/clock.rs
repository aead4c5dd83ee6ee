//! The agent's clock: nanoseconds since the first statement of `main`.

use rustix::time::{ClockId, clock_gettime};
use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime},
};

static ORIGIN: OnceLock<(Instant, u64)> = OnceLock::new();

/// Sets the origin. Called once, before anything else; later calls change nothing.
pub(crate) fn start() {
    origin();
}

fn origin() -> &'static (Instant, u64) {
    ORIGIN.get_or_init(|| (Instant::now(), unix_ns()))
}

/// Nanoseconds since the origin, monotonic.
pub(crate) fn now_ns() -> u64 {
    duration_ns(origin().0.elapsed())
}

/// The kernel's clock that also runs while the device sleeps, nanoseconds since its boot.
pub(crate) fn boot_ns() -> u64 {
    Duration::try_from(clock_gettime(ClockId::Boottime)).map_or(0, duration_ns)
}

/// Wall clock at the origin, nanoseconds since the Unix epoch.
pub(crate) fn started_unix_ns() -> u64 {
    origin().1
}

/// Wall clock now, nanoseconds since the Unix epoch.
pub(crate) fn unix_ns() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, duration_ns)
}

/// A duration in nanoseconds; 584 years are enough.
pub(crate) fn duration_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
