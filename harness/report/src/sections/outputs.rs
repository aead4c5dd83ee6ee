//! What the models wrote.

use super::section::{Output, Section};
use crate::data::{ReportData, Subject};

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    let mut section = Section::new("outputs", "What the models wrote");
    section.outputs = data.subjects.iter().filter_map(output).collect();
    if !section.outputs.is_empty() {
        section.lead.push("The first output of each model, as text; long ones are cut.".into());
    }
    section
}

fn output(subject: &Subject) -> Option<Output> {
    let sample = subject.sample.clone()?;
    Some(Output {
        label: subject.label.clone(),
        synthetic: subject.weights == "synthetic",
        prompt_id: sample.prompt_id,
        prompt: sample.prompt,
        text: sample.output,
    })
}
