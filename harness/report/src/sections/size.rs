//! Speed against size.

use super::section::Section;
use crate::{data::ReportData, plots};

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("size", "Speed against size").plots(plots::size::plot(data))
}
