//! Ties this process to the one that started it, so that an agent never outlives
//! its host unseen, heating a device that is measured later.

use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::io;

/// Asks the kernel to kill this process when its parent ends. The parent may have
/// ended before that took effect, which shows in a changed parent.
pub(crate) fn die_with_parent() -> io::Result<()> {
    let parent = getppid();
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() == parent { Ok(()) } else { Err(io::Error::other("it has ended already")) }
}
