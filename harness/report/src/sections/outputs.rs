//! What the models wrote.

use super::section::{Output, Section, Written};
use crate::{
    data::{ReportData, Subject},
    outputs::{Answer, beginning_and_end, harmless, limited},
};

/// Characters of a prompt and of an output that are shown.
const SHOWN: [usize; 2] = [600, 2000];
/// Answers of a model that are shown: all of the study's own prompts.
const MOST: usize = 60;

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    let mut section = Section::new("outputs", "What the models wrote");
    section.outputs =
        data.subjects.iter().filter(|subject| !subject.answers.is_empty()).map(written).collect();
    if section.outputs.is_empty() {
        return section;
    }
    let (at_limit, all) = limited(data.subjects.iter().flat_map(|subject| &subject.answers));
    section.lead.push(format!(
        "The first answer to each prompt. {} Of long texts the beginning and the end are shown; bench outputs \
         prints them.",
        of_all(at_limit, all)
    ));
    if data.synthetic().is_none() {
        section.lead.push("What models with random weights wrote is random, and left out.".into());
    }
    section
}

fn of_all(at_limit: u32, all: u32) -> String {
    match at_limit {
        0 => format!("None of {all} outputs ended at the limit of output tokens."),
        n => format!("{n} of {all} outputs ended at the limit of output tokens."),
    }
}

fn written(subject: &Subject) -> Written {
    let (at_limit, all) = limited(&subject.answers);
    let prompts = subject.answers.len();
    let left_out =
        if prompts > MOST { format!("; the first {MOST} of {prompts} prompts") } else { String::new() };
    Written {
        label: subject.label.clone(),
        summary: format!("{at_limit} of {all} outputs at the limit{left_out}"),
        outputs: subject.answers.iter().take(MOST).map(output).collect(),
    }
}

fn output(answer: &Answer) -> Output {
    let shown = |text: &str, most| beginning_and_end(&harmless(text), most);
    Output {
        prompt_id: answer.prompt_id.clone(),
        tokens_in: answer.n_in,
        prompt: answer.prompt.as_deref().map(|text| shown(text, SHOWN[0])),
        text: shown(&answer.output, SHOWN[1]),
        end: answer.how_it_ended(),
    }
}
