//! How long a phone keeps changed settings without a renewal by its host.

use std::time::Duration;

/// How long a phone waits for a renewal before it restores its settings. The host renews the
/// lease several times within it, so that one attempt may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(pub(super) Duration);

impl Lease {
    /// Ten minutes after its host died, a phone is as it was.
    pub const USUAL: Self = Self(Duration::from_mins(10));
    /// On a slow phone a request takes a second.
    pub const SHORTEST: Duration = Duration::from_secs(5);

    /// `None` for a lease that is too short to be renewed in time.
    pub fn new(duration: Duration) -> Option<Self> {
        (duration >= Self::SHORTEST).then_some(Self(duration))
    }

    /// Seconds, as the phone counts them.
    pub(super) fn seconds(self) -> u64 {
        self.0.as_secs()
    }

    /// How often the host renews it.
    pub fn renew_every(self) -> Duration {
        self.0 * 3 / 10
    }

    /// How often the watchdog on the phone checks it, seconds.
    pub(super) fn watchdog_interval_s(self) -> u64 {
        (self.seconds() / 30).clamp(1, 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_miss_a_time_and_a_phone_notices_soon() {
        for lease in [Lease::USUAL, Lease::new(Lease::SHORTEST).unwrap()] {
            assert!(lease.renew_every() * 3 < lease.0);
            assert!(lease.watchdog_interval_s() >= 1 && lease.watchdog_interval_s() * 5 <= lease.seconds());
        }
        assert_eq!(Lease::new(Duration::from_secs(4)), None);
    }
}
