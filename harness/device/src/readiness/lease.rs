//! How long a phone keeps changed settings without word of its host.

use std::time::Duration;

/// How long a phone waits for word of its host before it puts its settings back. The host
/// gives word well within it, so that one attempt may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(pub(super) Duration);

impl Lease {
    /// A phone whose host died is as it was ten minutes later.
    pub const USUAL: Self = Self(Duration::from_mins(10));
    /// A request takes a second on a slow phone.
    pub const SHORTEST: Duration = Duration::from_secs(5);

    /// `None` for one that a host could not keep.
    pub fn new(lasts: Duration) -> Option<Self> {
        (lasts >= Self::SHORTEST).then_some(Self(lasts))
    }

    /// Seconds, as the phone counts them.
    pub(super) fn seconds(self) -> u64 {
        self.0.as_secs()
    }

    /// How often the host gives word.
    pub fn renew_every(self) -> Duration {
        self.0 * 3 / 10
    }

    /// How often the watch on the phone looks, seconds.
    pub(super) fn watch_every_s(self) -> u64 {
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
            assert!(lease.watch_every_s() >= 1 && lease.watch_every_s() * 5 <= lease.seconds());
        }
        assert_eq!(Lease::new(Duration::from_secs(4)), None);
    }
}
