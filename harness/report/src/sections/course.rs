//! The course of each run.

use super::section::Section;
use crate::{data::ReportData, plots};

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("course", "Over time").plots(plots::course::plots(data))
}
