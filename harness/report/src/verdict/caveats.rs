//! Reasons to doubt the figures, in sentences.

use crate::{data::ReportData, numbers};
use slm_results::schema::Verdict;
use std::collections::BTreeSet;

/// Reasons to doubt the figures; empty where there is none.
pub(crate) fn caveats(data: &ReportData) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut say = |applies: bool, text: String| {
        if applies {
            sentences.push(text);
        }
    };
    let backend = |name: &str| data.subjects.iter().any(|subject| subject.backend == name);
    say(
        backend("null"),
        "The null engine computes nothing: its figures are the harness's own overhead, not a model's speed."
            .into(),
    );
    say(
        data.synthetic() != Some(false),
        "Weights are synthetic: exact shapes with random values. Speed and memory are those of trained models of these \
         shapes; what they write means nothing, and their output has a set length."
            .into(),
    );
    let trials = || data.cells.iter().flat_map(|measured| &measured.trials);
    let (all, doubted) = (trials().count(), trials().filter(|p| p.verdict != Verdict::Valid).count());
    let commonest = data.runs.iter().flat_map(|run| run.doubts.values()).max_by_key(|tally| tally.count);
    let why = commonest.map(|tally| format!(" (most often: {})", tally.example)).unwrap_or_default();
    let share = numbers::percent(doubted, all);
    let are = if doubted == 1 { "is" } else { "are" };
    say(
        doubted > 0,
        format!(
            "{doubted} of {all} completed trials ({share}) {are} suspect or throttled{why}; cells use only the valid ones."
        ),
    );
    let doubtful = data.cells.iter().filter(|measured| measured.is_doubtful()).count();
    let rest = if doubtful == 1 { "1 cell has" } else { &format!("{doubtful} cells have") };
    say(
        doubtful > 0,
        format!("{rest} no valid trial at all, so no figures; trials.csv says what spoke against each."),
    );
    let failed = data.cells.iter().filter(|m| m.cell.n_completed == Some(0)).count();
    let partly =
        data.cells.iter().filter(|m| !m.failures.is_empty() && m.cell.n_completed != Some(0)).count();
    say(failed > 0, format!("{} failed altogether; the causes are below.", numbers::count(failed, "cell")));
    say(partly > 0, format!("{} had trials that failed.", numbers::count(partly, "cell")));
    for sentence in lost(data) {
        say(true, sentence);
    }
    let once = data.runs.iter().any(|run| run.manifest.plan.input.runs == 1);
    say(
        once,
        "There was one run of each model: what differs from run to run, often 3 to 5 %, is not known, and there \
         are no intervals."
            .into(),
    );
    let few = data.cells.iter().filter(|m| m.cell.n_valid.is_some_and(|n| (1..5).contains(&n))).count();
    let few_are = if few == 1 { "1 cell rests" } else { &format!("{few} cells rest") };
    say(few > 0, format!("{few_are} on fewer than five valid trials: intervals of so few are too narrow."));
    sentences
}

/// Lost devices, each once.
fn lost(data: &ReportData) -> Vec<String> {
    let mut sentences = Vec::new();
    for (index, run) in data.runs.iter().enumerate() {
        let devices: BTreeSet<&str> = run.lost.iter().map(|loss| loss.device.as_str()).collect();
        for device in devices {
            let mut losses = run.lost.iter().filter(|loss| loss.device == device);
            let reason = losses.next_back().map_or("", |loss| loss.reason.as_str());
            let left = match data.without_result(index, device) {
                0 => "what it had not reported was measured later".into(),
                left => format!(
                    "{} without a result",
                    numbers::count(usize::try_from(left).unwrap_or(usize::MAX), "trial")
                ),
            };
            sentences.push(format!("Device {device} was lost ({reason}): {left}."));
        }
    }
    sentences
}
