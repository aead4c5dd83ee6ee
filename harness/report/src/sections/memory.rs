//! Memory and loading.

use super::section::Section;
use crate::{
    data::{Measured, ReportData},
    plots,
    table::{Field, Table},
};

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("memory", "Memory and loading").plots(plots::memory::plot(data)).table("", table(data))
}

/// One row for each model: the highest of its cells.
fn table(data: &ReportData) -> Table {
    let mut table = Table::new(&[
        "Model",
        "#Parameters",
        "#Weights (MiB)",
        "#KV cache (MiB)",
        "#Compute (MiB)",
        "#Peak of the process (MiB)",
        "#Load (s)",
    ]);
    for (index, subject) in data.subjects.iter().enumerate() {
        let highest = |pick: fn(&Measured) -> Option<f64>| {
            Field::number(data.cells_of(index).filter_map(pick).reduce(f64::max))
        };
        let mut load = Field::number(slm_stats::mean(&subject.loads_s));
        if let Some(share) = subject.ready.as_ref().and_then(|ready| ready.load.cached_fraction) {
            load.note = format!("{:.0} % in the page cache", 100.0 * share);
        }
        table.push(vec![
            Field::text(&subject.label),
            Field::params(subject.params),
            highest(|m| m.cell.model_mib),
            highest(|m| m.cell.kv_cache_mib),
            highest(|m| m.cell.compute_mib),
            highest(|m| m.cell.rss_peak_mib),
            load,
        ]);
    }
    table.notes.push("Highest of the model's cells. Load: start of the agent's process to model ready, the mean of its starts.".into());
    table
}
