//! What real models wrote. The text of models with random weights is random, too, and not read.

use crate::{data::ReportData, outputs};
use slm_plan::{Weights, error::Result};
use std::path::Path;

/// Reads the answers of a run into its subjects.
pub(super) fn read(data: &mut ReportData, run: usize, folder: &Path) -> Result<()> {
    let input = &data.runs[run].manifest.plan.input;
    if input.models.iter().all(|model| model.weights == Weights::Synthetic) {
        return Ok(());
    }
    let is_real = |trial: &slm_results::schema::TrialRow| trial.weights != "synthetic";
    let read = outputs::read(folder, &input.prompts, is_real)?;
    if read.damaged > 0 {
        let remark =
            format!("{} lines of events.jsonl could not be read: answers may be missing", read.damaged);
        data.runs[run].sampled.push(remark);
    }
    for answer in read.answers {
        let subject = data.subjects.iter_mut().find(|subject| subject.is(run, &answer));
        if let Some(subject) = subject {
            subject.answers.push(answer);
        }
    }
    Ok(())
}
