//! The report's sections, ready to be rendered.

use super::{model::Model, plot::Plot, table::Table, tables, verdict};
use crate::MadeBy;
use slm_results::read::Summary;
use serde::Serialize;
use std::path::Path;

/// A report as sections of sentences, plots and tables.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    /// Title.
    pub(crate) title: String,
    /// What was measured when, in one line.
    pub(crate) subtitle: String,
    /// What the device can do.
    pub(crate) answers: Vec<String>,
    /// How many of the answers come first: one for each device.
    pub(crate) leading: usize,
    /// Why one may doubt it.
    pub(crate) caveats: Vec<String>,
    /// Sections.
    pub(crate) sections: Vec<Section>,
    /// Version and commit of the bench that made the report.
    pub(crate) made_by: String,
    /// The command that made it.
    pub(crate) made_with: String,
}

/// A section.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Section {
    /// Anchor.
    pub(crate) id: &'static str,
    /// Heading.
    pub(crate) title: String,
    /// Sentences before the rest.
    pub(crate) lead: Vec<String>,
    /// Indices of its plots.
    pub(crate) plots: Vec<usize>,
    /// Tables, each with its caption.
    pub(crate) tables: Vec<(String, Table)>,
    /// What models wrote.
    pub(crate) samples: Vec<SampleView>,
}

/// What a model wrote. Untrusted text.
#[derive(Debug, Serialize)]
pub(crate) struct SampleView {
    /// Model.
    pub(crate) label: String,
    /// Whether its weights are random.
    pub(crate) synthetic: bool,
    /// The prompt's identifier.
    pub(crate) prompt_id: String,
    /// Begin of the prompt.
    pub(crate) prompt: String,
    /// Begin of the output.
    pub(crate) output: String,
}

/// Puts a report together. `plots` are those of the model, in their order.
pub(crate) fn view(model: &Model, plots: &[Plot], made_by: &MadeBy<'_>) -> View {
    let section = |id, title: &str, names: &[&str], tables: Vec<(&str, Option<Table>)>| Section {
        id,
        title: title.into(),
        plots: named(plots, names),
        tables: tables
            .into_iter()
            .filter_map(|(caption, table)| Some((caption.to_owned(), table?)))
            .collect(),
        ..Section::default()
    };
    let compared =
        model.baseline.as_ref().and_then(|baseline| tables::baseline(model, baseline).unless_empty());
    let mut sections = vec![
        section("size", "Speed against size", &["speed-against-size"], vec![]),
        section("figures", "Figures", &[], vec![("", tables::paper(model, &paper_cells()).unless_empty())]),
        section(
            "context",
            "By context length",
            &["itps-by-context", "otps-by-context", "ttft-by-context", "runtime-by-context", "phases"],
            vec![],
        ),
        section(
            "quantization",
            "By quantization",
            &["quantization"],
            vec![("", tables::quantization(model).unless_empty())],
        ),
        section("baseline", "Beside the baseline", &[], vec![("", compared)]),
        section(
            "memory",
            "Memory and loading",
            &["memory"],
            vec![("", tables::memory(model).unless_empty())],
        ),
        section(
            "tokens",
            "Token by token",
            &["token-latency"],
            vec![("", tables::latency(model).unless_empty())],
        ),
        section(
            "spread",
            "Spread",
            &["spread-otps", "spread-ttft"],
            vec![("", tables::spread(model).unless_empty())],
        ),
        section("course", "Over time", &["course"], vec![]),
        section(
            "failures",
            "Failed and doubtful",
            &[],
            vec![
                ("Devices that were lost", tables::lost(model).unless_empty()),
                ("Failed or skipped trials", tables::failures(model).unless_empty()),
                ("Suspect and throttled trials", tables::doubts(model).unless_empty()),
            ],
        ),
        section("outputs", "What the models wrote", &[], vec![]),
    ];
    if let Some(outputs) = sections.iter_mut().find(|section| section.id == "outputs") {
        outputs.samples = samples(model);
        outputs.lead.push("The first output of each model, as text; long ones are cut.".into());
    }
    if let (Some(baseline), Some(section)) =
        (&model.baseline, sections.iter_mut().find(|section| section.id == "baseline"))
    {
        section.lead.extend(tables::differences(model, baseline));
    }
    sections.push(conditions(model));
    let used = |s: &Section| {
        !s.plots.is_empty()
            || !s.tables.is_empty()
            || !s.samples.is_empty()
            || (s.id == "baseline" && !s.lead.is_empty())
    };
    sections.retain(used);
    let MadeBy { tool, command } = made_by;
    View {
        title: title(model),
        subtitle: subtitle(model),
        answers: verdict::answers(model),
        leading: model.devices().len(),
        caveats: verdict::caveats(model),
        sections,
        made_by: format!("bench {}, commit {}", tool.version, tool.commit),
        made_with: command.iter().map(|word| tables::quoted(word)).collect::<Vec<_>>().join(" "),
    }
}

fn named(plots: &[Plot], names: &[&str]) -> Vec<usize> {
    // One plot for each run, or for each model: `course-2`, `quantization-1`.
    let is_numbered = |plot: &Plot, name: &str| {
        let number = plot.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let belongs = |plot: &Plot, name: &str| plot.name == name || is_numbered(plot, name);
    names.iter().flat_map(|name| (0..plots.len()).filter(move |&i| belongs(&plots[i], name))).collect()
}

fn conditions(model: &Model) -> Section {
    let mut section =
        Section { id: "conditions", title: "What was measured on what".into(), ..Section::default() };
    let many = model.runs.len() > 1;
    for run in &model.runs {
        let of = if many { format!(" ({})", run.id) } else { String::new() };
        section.tables.push((format!("Run{of}"), tables::conditions(run)));
        section.tables.push((format!("Plan{of}"), tables::measures(run)));
        section.lead.extend(run.sampled.iter().map(|remark| format!("{}: {remark}.", run.id)));
    }
    section.tables.push(("Models".into(), tables::models(model)));
    section
}

fn samples(model: &Model) -> Vec<SampleView> {
    let of = |subject: &super::model::Subject| {
        let sample = subject.sample.clone()?;
        Some(SampleView {
            label: subject.label.clone(),
            synthetic: subject.weights == "synthetic",
            prompt_id: sample.prompt_id,
            prompt: sample.prompt,
            output: sample.output,
        })
    };
    model.subjects.iter().filter_map(of).collect()
}

/// The paper's figures that ship with the tool.
fn paper_cells() -> Vec<slm_results::read::Cell> {
    let text = include_str!("../../../results/baselines/slimlm-s24.csv");
    Summary::cells_from(Path::new("slimlm-s24.csv"), text.as_bytes()).unwrap_or_default()
}

fn title(model: &Model) -> String {
    format!("Small language models on {}", super::words::devices(model.subjects.iter()))
}

fn subtitle(model: &Model) -> String {
    let n = |n: usize, what| super::words::count(n, what);
    let days: Vec<&str> =
        model.runs.iter().map(|run| run.facts.created_at.get(..10).unwrap_or_default()).collect();
    let (first, last) =
        (days.iter().min().copied().unwrap_or_default(), days.iter().max().copied().unwrap_or_default());
    let when = if first == last { first.to_owned() } else { format!("{first} to {last}") };
    let trials: usize = model.cells.iter().map(|measured| measured.trials.len()).sum();
    let (models, devices) = (super::words::models(model), model.devices().len());
    let on = if devices > 1 { format!(" on {devices} devices") } else { String::new() };
    format!(
        "{}{on}, {}, {} completed · {when}",
        n(models, "model"),
        n(model.contexts().len(), "context length"),
        n(trials, "trial")
    )
}
