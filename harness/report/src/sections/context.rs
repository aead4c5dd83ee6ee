//! Figures by context length.

use super::section::Section;
use crate::{data::ReportData, plots};

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("context", "By context length")
        .plots(plots::context::plots(data))
        .plots(plots::phases::plot(data))
}
