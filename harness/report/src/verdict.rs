//! What the figures mean, in a few sentences: first what the device can do, then
//! why one may doubt it.

use super::{
    model::{Measured, Model, nominal},
    words,
};
use slm_plan::text::figure;
use slm_results::{analysis::Verdict, read::{Context, Estimate, Metric}};
use std::collections::BTreeSet;

/// The context length that answers are judged at: about a page and a half, the
/// SlimLM paper's longest common one.
const REFERENCE_TOKENS: f64 = 800.0;

/// A model with its size and its runtime at one context length.
pub(crate) struct Sized<'a> {
    /// Device.
    pub(crate) device: &'a str,
    /// Index of the subject.
    pub(crate) subject: usize,
    /// Parameters.
    pub(crate) params: f64,
    /// Runtime, seconds.
    pub(crate) runtime: Estimate,
    /// Whether the figure is of suspect trials.
    pub(crate) doubtful: bool,
}

/// The measured context length nearest to 800 tokens.
pub(crate) fn reference_context(model: &Model) -> Option<Context> {
    let tokens = |context: Context| {
        let cells = model.cells.iter().filter(|m| m.cell.key.context == context);
        let lengths: Vec<f64> = cells.filter_map(|m| m.cell.n_in).collect();
        slm_stats::mean(&lengths).unwrap_or_else(|| nominal(context))
    };
    let distance = |context: Context| (tokens(context).max(1.0) / REFERENCE_TOKENS).ln().abs();
    let has_figures = |context: &Context| {
        model.cells.iter().any(|m| m.cell.key.context == *context && m.cell.runtime_s.is_some())
    };
    let contexts = model.contexts().into_iter().filter(has_figures);
    contexts.min_by(|a, b| distance(*a).total_cmp(&distance(*b)))
}

/// Models of known size with a runtime at a context length.
pub(crate) fn sized(model: &Model, context: Context) -> Vec<Sized<'_>> {
    let at = model.cells.iter().filter(|measured| measured.cell.key.context == context);
    at.filter_map(|measured| {
        Some(Sized {
            device: &model.subjects[measured.subject].device,
            subject: measured.subject,
            params: measured.cell.params? as f64,
            runtime: measured.cell.runtime_s?,
            doubtful: measured.is_doubtful(),
        })
    })
    .collect()
}

/// The Pareto fronts, one for each device: indices of models of which no other on the
/// same device is both at least as large and faster; by size, ascending.
pub(crate) fn pareto(points: &[Sized<'_>]) -> Vec<usize> {
    let beats = |a: &Sized<'_>, b: &Sized<'_>| {
        a.device == b.device
            && a.params >= b.params
            && a.runtime.mean <= b.runtime.mean
            && (a.params > b.params || a.runtime.mean < b.runtime.mean)
    };
    let mut front: Vec<usize> =
        (0..points.len()).filter(|&i| points.iter().all(|other| !beats(other, &points[i]))).collect();
    front.sort_by(|&a, &b| points[a].params.total_cmp(&points[b].params));
    front
}

/// What the device can do: the answer, then the best in each respect.
pub(crate) fn answers(model: &Model) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(context) = reference_context(model) {
        let devices = model.devices();
        for &device in &devices {
            let place = if devices.len() > 1 { format!("On {device}: ") } else { String::new() };
            sentences.push(place + &within_budget(model, device, context));
        }
        sentences.extend(best(model, context));
    }
    if sentences.is_empty() {
        sentences.push("Nothing was measured: no cell has a completed trial.".into());
    }
    sentences
}

/// The largest model that answers within the budget.
fn within_budget(model: &Model, device: &str, context: Context) -> String {
    let budget = model.budget_s;
    let mut points = sized(model, context);
    points.retain(|point| model.subjects[point.subject].device == device);
    // Of one size, such as the types of one model, the quickest.
    let order = |a: &Sized<'_>, b: &Sized<'_>| {
        b.params.total_cmp(&a.params).then(a.runtime.mean.total_cmp(&b.runtime.mean))
    };
    points.sort_by(order);
    let tokens = tokens_at(model, context);
    let task = format!("within {} at {tokens} ({})", words::budget(budget), words::context(context));
    let name = |point: &Sized<'_>| {
        let subject = &model.subjects[point.subject];
        let size = subject.params.map(words::params).unwrap_or_default();
        format!("{} ({size}): {}", subject.label_at_home(), words::estimate(point.runtime, "s"))
    };
    let Some(best) = points.iter().find(|point| point.runtime.mean <= budget) else {
        let nearest = points.iter().min_by(|a, b| a.runtime.mean.total_cmp(&b.runtime.mean));
        return match nearest {
            Some(point) => format!("No measured model answers {task}; the nearest is {}.", name(point)),
            None => format!("No model of known size was measured at {}.", words::context(context)),
        };
    };
    let close = best.runtime.interval.is_some_and(|interval| interval.high > budget);
    let close = if close { " Its interval reaches beyond the budget: too close to call." } else { "" };
    let failed = larger_that_failed(model, device, context, best.params);
    let all = points.iter().all(|point| point.runtime.mean <= budget);
    let rest = match failed.len() {
        0 if all && points.len() > 1 => " It is the largest that was measured.".to_owned(),
        0 => String::new(),
        _ => format!(" Larger ones failed there: {}.", failed.join(", ")),
    };
    let as_large = points.iter().filter(|point| {
        point.subject != best.subject && point.params >= best.params && point.runtime.mean <= budget
    });
    let as_large: Vec<String> = as_large
        .map(|point| {
            format!("{} ({} s)", model.subjects[point.subject].label_at_home(), figure(point.runtime.mean))
        })
        .collect();
    let others = match as_large.len() {
        0 => String::new(),
        _ => format!(" The quickest of this size; within it are also {}.", as_large.join(", ")),
    };
    format!("The largest model that answers {task} is {}.{others}{close}{rest}", name(best))
}

/// Models above a size without a completed trial at a context length, with the cause.
fn larger_that_failed(model: &Model, device: &str, context: Context, params: f64) -> Vec<String> {
    let cells = model.cells.iter().filter(|measured| {
        let subject = &model.subjects[measured.subject];
        measured.cell.key.context == context
            && measured.cell.n_completed == Some(0)
            && subject.device == device
            && subject.params.is_some_and(|n| n as f64 > params)
    });
    let named = |measured: &Measured| {
        let cause = measured.cell.failure.map_or("not run", Into::into);
        format!("{} ({cause})", model.subjects[measured.subject].label_at_home())
    };
    cells.map(named).collect()
}

/// `about 799 tokens in and 32 out`.
fn tokens_at(model: &Model, context: Context) -> String {
    let cells = || model.cells.iter().filter(|m| m.cell.key.context == context);
    let mean = |values: Vec<f64>| slm_stats::mean(&values);
    let n_in = mean(cells().filter_map(|m| m.cell.n_in).collect()).unwrap_or_else(|| nominal(context));
    match mean(cells().filter_map(|m| m.cell.n_out).collect()) {
        Some(n_out) => format!("about {n_in:.0} tokens in and {n_out:.0} out"),
        None => format!("about {n_in:.0} tokens in"),
    }
}

/// The fastest and the smallest at a context length.
fn best(model: &Model, context: Context) -> Vec<String> {
    let cells: Vec<&Measured> = model.cells.iter().filter(|m| m.cell.key.context == context).collect();
    if model.subjects.len() < 2 {
        return Vec::new();
    }
    let at = words::context(context);
    let extreme = |metric: Metric| {
        let with = cells.iter().filter_map(|m| Some((*m, m.cell.estimate(metric)?)));
        let sign = if metric.more_is_better() { -1.0 } else { 1.0 };
        with.min_by(|a, b| (sign * a.1.mean).total_cmp(&(sign * b.1.mean)))
    };
    let name = |measured: &Measured| model.subjects[measured.subject].label.clone();
    let mut sentences = Vec::new();
    if let (Some((ttft, first)), Some((otps, speed))) = (extreme(Metric::Ttft), extreme(Metric::Otps)) {
        let (first, speed) = (words::estimate(first, "s"), words::estimate(speed, "tokens/s"));
        let who = if ttft.subject == otps.subject {
            format!("{}: first token after {first}, then {speed}", name(ttft))
        } else {
            format!("{} to the first token ({first}), {} in decoding ({speed})", name(ttft), name(otps))
        };
        sentences.push(format!("Fastest at {at}: {who}."));
    }
    if let Some((least, memory)) = extreme(Metric::Memory) {
        sentences.push(format!("Least memory: {}, {} MiB at the peak.", name(least), figure(memory.mean)));
    }
    sentences
}

/// Why one may doubt it; empty where nothing speaks against the figures.
pub(crate) fn caveats(model: &Model) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut say = |applies: bool, text: String| {
        if applies {
            sentences.push(text);
        }
    };
    let backend = |name: &str| model.subjects.iter().any(|subject| subject.backend == name);
    say(
        backend("null"),
        "The null engine computes nothing: its figures are the harness's own overhead, not a model's speed."
            .into(),
    );
    say(
        model.synthetic() != Some(false),
        "Weights are synthetic: exact shapes with random values. Speed and memory are those of trained models of these \
         shapes; what they write means nothing, and their output has a set length."
            .into(),
    );
    let trials = || model.cells.iter().flat_map(|measured| &measured.trials);
    let (all, doubted) = (trials().count(), trials().filter(|p| p.verdict != Verdict::Valid).count());
    let commonest = model.runs.iter().flat_map(|run| run.doubts.values()).max_by_key(|tally| tally.count);
    let why = commonest.map(|tally| format!(" (most often: {})", tally.example)).unwrap_or_default();
    let share = words::percent(doubted, all);
    let are = if doubted == 1 { "is" } else { "are" };
    say(
        doubted > 0,
        format!(
            "{doubted} of {all} completed trials ({share}) {are} suspect or throttled{why}; cells use only the valid ones."
        ),
    );
    let doubtful = model.cells.iter().filter(|measured| measured.is_doubtful()).count();
    let rest = if doubtful == 1 { "1 cell has" } else { &format!("{doubtful} cells have") };
    say(doubtful > 0, format!("{rest} no valid trial at all: the figures, marked !, are of suspect ones."));
    let failed = model.cells.iter().filter(|m| m.cell.n_completed == Some(0)).count();
    let partly =
        model.cells.iter().filter(|m| !m.failures.is_empty() && m.cell.n_completed != Some(0)).count();
    say(failed > 0, format!("{} failed altogether; the causes are below.", words::count(failed, "cell")));
    say(partly > 0, format!("{} had trials that failed.", words::count(partly, "cell")));
    for sentence in lost(model) {
        say(true, sentence);
    }
    let once = model.runs.iter().any(|run| run.facts.plan.input.repetitions == 1);
    say(
        once,
        "Every prompt ran once: the intervals cover the difference between prompts, not repetition.".into(),
    );
    let few = model.cells.iter().filter(|m| m.cell.n_valid.is_some_and(|n| (1..5).contains(&n))).count();
    let few_are = if few == 1 { "1 cell rests" } else { &format!("{few} cells rest") };
    say(few > 0, format!("{few_are} on fewer than five valid trials: intervals of so few are too narrow."));
    sentences
}

/// Devices that went away, each once.
fn lost(model: &Model) -> Vec<String> {
    let mut sentences = Vec::new();
    for (index, run) in model.runs.iter().enumerate() {
        let devices: BTreeSet<&str> = run.lost.iter().map(|loss| loss.device.as_str()).collect();
        for device in devices {
            let mut losses = run.lost.iter().filter(|loss| loss.device == device);
            let reason = losses.next_back().map_or("", |loss| loss.reason.as_str());
            let left = match model.without_result(index, device) {
                0 => "what it had not reported was measured later".into(),
                left => format!(
                    "{} without a result",
                    words::count(usize::try_from(left).unwrap_or(usize::MAX), "trial")
                ),
            };
            sentences.push(format!("Device {device} was lost ({reason}): {left}."));
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(params: f64, seconds: f64) -> Sized<'static> {
        Sized {
            device: "phone",
            subject: 0,
            params,
            runtime: Estimate { mean: seconds, interval: None },
            doubtful: false,
        }
    }

    #[test]
    fn the_front_has_no_model_that_another_beats() {
        let points = [point(1e8, 2.0), point(2e8, 1.0), point(4e8, 5.0), point(3e8, 6.0), point(8e8, 9.0)];
        assert_eq!(pareto(&points), [1, 2, 4]);
        assert!(pareto(&[]).is_empty());
        assert_eq!(pareto(&[point(1e8, 2.0), point(1e8, 2.0)]).len(), 2);
        let elsewhere = Sized { device: "tablet", ..point(1e8, 9.0) };
        assert_eq!(pareto(&[point(2e8, 1.0), elsewhere]), [1, 0]);
    }
}
