//! Memory of this process, by the kernel's account; never device-wide.

use slm_protocol::MemoryReading;
use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
};

/// Reads the process's memory. The peak of one trial and the peak since the start are
/// separate.
pub(crate) struct Memory {
    /// Kept open: opening a file in /proc costs more than reading it.
    statm: Option<File>,
    page_bytes: u64,
    /// Highest resident set before the last reset.
    earlier_peak: u64,
}

impl Memory {
    /// Opens what is read within trials.
    pub(crate) fn open() -> Self {
        Self {
            statm: File::open("/proc/self/statm").ok(),
            page_bytes: rustix::param::page_size() as u64,
            earlier_peak: 0,
        }
    }

    /// Resident set, in a microsecond or two and without allocating.
    pub(crate) fn rss(&self) -> Option<u64> {
        let mut buffer = [0u8; 128];
        let read = self.statm.as_ref()?.read_at(&mut buffer, 0).ok()?;
        let text = std::str::from_utf8(&buffer[..read]).ok()?;
        let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(pages * self.page_bytes)
    }

    /// Lets the kernel's peak start again from the present size. False where the
    /// kernel or its policy does not allow that: then no peak of a trial is known.
    pub(crate) fn reset_peak(&mut self) -> bool {
        let before = peak();
        let done = fs::write("/proc/self/clear_refs", "5").is_ok();
        if done {
            self.earlier_peak = self.earlier_peak.max(before.unwrap_or(0));
        }
        done
    }

    /// Highest resident set since the last reset.
    pub(crate) fn peak_since_reset() -> Option<u64> {
        peak()
    }

    /// Everything; takes milliseconds with a large model mapped.
    pub(crate) fn read(&self) -> MemoryReading {
        MemoryReading {
            rss: self.rss(),
            rss_peak: peak().map(|peak| peak.max(self.earlier_peak)),
            pss: fs::read_to_string("/proc/self/smaps_rollup").ok().and_then(|text| field(&text, "Pss:")),
        }
    }
}

fn peak() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Bytes of the line `name <number> kB`.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = rest.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_scaled() {
        let text = "VmPeak:\t  200 kB\nVmHWM:\t   12 kB\nPss_Dirty: 3 kB\nPss:   7 kB\n";
        assert_eq!(field(text, "VmHWM:"), Some(12 * 1024));
        assert_eq!(field(text, "Pss:"), Some(7 * 1024));
        assert_eq!(field(text, "VmSwap:"), None);
    }

    #[test]
    fn a_reset_forgets_the_peak_of_a_freed_buffer_and_the_whole_life_keeps_it() {
        let mut memory = Memory::open();
        let buffer = std::hint::black_box(vec![1u8; 64 << 20]);
        drop(buffer);
        if !memory.reset_peak() {
            return; // a kernel that does not offer it
        }
        let reading = memory.read();
        let now = Memory::peak_since_reset().expect("VmHWM is there");
        assert!(reading.rss_peak.expect("VmHWM is there") >= now + (32 << 20), "{reading:?} {now}");
        assert!(memory.rss().is_some_and(|rss| rss > 0));
    }
}
