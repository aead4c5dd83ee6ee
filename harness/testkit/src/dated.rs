//! Sweeps made on days of one's choice.

use crate::made::Made;
use slm_results::schema::UtcTime;
use std::{fs, path::Path};

/// 2 January 2026.
const FIRST_NS: u64 = 1_767_312_000_000_000_000;
const HOUR_NS: u64 = 3_600_000_000_000;
/// What [`Made`] writes.
const WRITTEN: &str = "2026-01-02T03:04:05Z";

/// A moment so many hours after the first of all sweeps.
pub fn after_hours(hours: u64) -> UtcTime {
    UtcTime { unix_ns: FIRST_NS + hours * HOUR_NS }
}

/// Writes a sweep as if it had been made so many weeks after the first.
pub fn write_in_week(made: &Made, folder: &Path, week: u64) {
    write_after_hours(made, folder, week * 7 * 24);
}

/// Writes a sweep as if it had been made so many hours after the first.
pub fn write_after_hours(made: &Made, folder: &Path, hours: u64) {
    made.write(folder);
    let path = folder.join("manifest.json");
    let manifest = fs::read_to_string(&path).unwrap();
    assert!(manifest.contains(WRITTEN), "the manifest tells its time");
    fs::write(path, manifest.replace(WRITTEN, &after_hours(hours).to_string())).unwrap();
}
