//! A report as texts, plots and tables, ready to be rendered.

use crate::{
    MadeBy, command_line::quoted, data::ReportData, names, numbers, sections, sections::Section, verdict,
};
use serde::Serialize;

/// A report, before it becomes HTML or Markdown.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    /// Title.
    pub(crate) title: String,
    /// What was measured when, in one line.
    pub(crate) subtitle: String,
    /// What the devices can do.
    pub(crate) answers: Vec<String>,
    /// How many of the answers lead: one for each device.
    pub(crate) leading: usize,
    /// Reasons to doubt it.
    pub(crate) caveats: Vec<String>,
    /// Sections.
    pub(crate) sections: Vec<Section>,
    /// Version and commit of the bench that made the report.
    pub(crate) made_by: String,
    /// The command that made it.
    pub(crate) made_with: String,
}

/// Puts a report together.
pub(crate) fn view(data: &ReportData, made_by: &MadeBy<'_>) -> View {
    let MadeBy { tool, command } = made_by;
    View {
        title: title(data),
        subtitle: subtitle(data),
        answers: verdict::answers(data),
        leading: data.devices().len(),
        caveats: verdict::caveats(data),
        sections: sections::all(data),
        made_by: format!("bench {}, commit {}", tool.version, tool.commit),
        made_with: quoted(command),
    }
}

fn title(data: &ReportData) -> String {
    format!("Small language models on {}", names::devices(data.subjects.iter()))
}

fn subtitle(data: &ReportData) -> String {
    let n = |n: usize, what| numbers::count(n, what);
    let days: Vec<&str> =
        data.runs.iter().map(|run| run.manifest.created_at.get(..10).unwrap_or_default()).collect();
    let (first, last) =
        (days.iter().min().copied().unwrap_or_default(), days.iter().max().copied().unwrap_or_default());
    let when = if first == last { first.to_owned() } else { format!("{first} to {last}") };
    let trials: usize = data.cells.iter().map(|measured| measured.trials.len()).sum();
    let (models, devices) = (data.distinct_models(), data.devices().len());
    let on = if devices > 1 { format!(" on {devices} devices") } else { String::new() };
    format!(
        "{}{on}, {}, {} completed · {when}",
        n(models, "model"),
        n(data.contexts().len(), "context length"),
        n(trials, "trial")
    )
}
