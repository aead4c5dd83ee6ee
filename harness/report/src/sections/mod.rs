//! The report's sections, one file each, with their tables. A new one is a file and a
//! line of [`SECTIONS`].

mod baseline;
mod conditions;
mod context;
mod course;
mod failures;
mod figures;
mod memory;
mod outputs;
mod own_figures;
mod quantization;
mod section;
mod size;
mod spread;
mod tokens;
mod variance;

pub(crate) use section::Section;

use crate::data::ReportData;

/// All sections, in the order of the page.
const SECTIONS: [fn(&ReportData) -> Section; 13] = [
    size::section,
    figures::section,
    context::section,
    quantization::section,
    baseline::section,
    memory::section,
    tokens::section,
    spread::section,
    course::section,
    own_figures::section,
    failures::section,
    outputs::section,
    conditions::section,
];

/// The sections that have something to show.
pub(crate) fn all(data: &ReportData) -> Vec<Section> {
    SECTIONS.iter().map(|section| section(data)).filter(|section| !section.is_empty()).collect()
}
