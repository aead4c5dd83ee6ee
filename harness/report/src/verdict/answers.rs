//! What the devices can do, in sentences.

use crate::{
    data::{Measured, ReportData, nominal_tokens},
    names, numbers,
    tradeoff::{SizedRuntime, reference_context, sized_runtimes},
};
use slm_plan::text::figure;
use slm_results::read::{Context, Metric};

/// What the device can do: the answer, then the best in each respect.
pub(crate) fn answers(data: &ReportData) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(context) = reference_context(data) {
        let devices = data.devices();
        for &device in &devices {
            let place = if devices.len() > 1 { format!("On {device}: ") } else { String::new() };
            sentences.push(place + &within_budget(data, device, context));
        }
        sentences.extend(best(data, context));
    }
    if sentences.is_empty() {
        sentences.push("Nothing was measured: no cell has a completed trial.".into());
    }
    sentences
}

/// The largest model that answers within the budget.
fn within_budget(data: &ReportData, device: &str, context: Context) -> String {
    let budget = data.budget_s;
    let mut points = sized_runtimes(data, context);
    points.retain(|point| data.subjects[point.subject].device == device);
    // Of one size, such as the types of one model, the quickest.
    let order = |a: &SizedRuntime<'_>, b: &SizedRuntime<'_>| {
        b.params.total_cmp(&a.params).then(a.runtime.mean.total_cmp(&b.runtime.mean))
    };
    points.sort_by(order);
    let tokens = tokens_at(data, context);
    let task = format!("within {} s at {tokens} ({})", numbers::short(budget), names::context(context));
    let name = |point: &SizedRuntime<'_>| {
        let subject = &data.subjects[point.subject];
        let size = subject.params.map(numbers::params).unwrap_or_default();
        format!("{} ({size}): {}", subject.label_on_device(), numbers::estimate(point.runtime, "s"))
    };
    let Some(best) = points.iter().find(|point| point.runtime.mean <= budget) else {
        let nearest = points.iter().min_by(|a, b| a.runtime.mean.total_cmp(&b.runtime.mean));
        return match nearest {
            Some(point) => format!("No measured model answers {task}; the closest is {}.", name(point)),
            None => format!("No model of known size was measured at {}.", names::context(context)),
        };
    };
    let close = best.runtime.interval.is_some_and(|interval| interval.high > budget);
    let close = if close { " Its interval reaches beyond the budget: too close to call." } else { "" };
    let failed = larger_that_failed(data, device, context, best.params);
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
            format!("{} ({} s)", data.subjects[point.subject].label_on_device(), figure(point.runtime.mean))
        })
        .collect();
    let others = match as_large.len() {
        0 => String::new(),
        _ => format!(" The quickest of this size; within it are also {}.", as_large.join(", ")),
    };
    format!("The largest model that answers {task} is {}.{others}{close}{rest}", name(best))
}

/// Models above a size without a completed trial at a context length, with the cause.
fn larger_that_failed(data: &ReportData, device: &str, context: Context, params: f64) -> Vec<String> {
    let cells = data.cells.iter().filter(|measured| {
        let subject = &data.subjects[measured.subject];
        measured.cell.key.context == context
            && measured.cell.n_completed == Some(0)
            && subject.device == device
            && subject.params.is_some_and(|n| n as f64 > params)
    });
    let named = |measured: &Measured| {
        let cause = measured.cell.failure.map_or("not run", Into::into);
        format!("{} ({cause})", data.subjects[measured.subject].label_on_device())
    };
    cells.map(named).collect()
}

/// `about 799 tokens in and 32 out`.
fn tokens_at(data: &ReportData, context: Context) -> String {
    let cells = || data.cells.iter().filter(|m| m.cell.key.context == context);
    let mean = |values: Vec<f64>| slm_stats::mean(&values);
    let n_in = mean(cells().filter_map(|m| m.cell.n_in).collect()).unwrap_or_else(|| nominal_tokens(context));
    match mean(cells().filter_map(|m| m.cell.n_out).collect()) {
        Some(n_out) => format!("about {n_in:.0} tokens in and {n_out:.0} out"),
        None => format!("about {n_in:.0} tokens in"),
    }
}

/// The fastest and the smallest at a context length.
fn best(data: &ReportData, context: Context) -> Vec<String> {
    let cells: Vec<&Measured> = data.cells.iter().filter(|m| m.cell.key.context == context).collect();
    if data.subjects.len() < 2 {
        return Vec::new();
    }
    let at = names::context(context);
    let extreme = |metric: Metric| {
        let with = cells.iter().filter_map(|m| Some((*m, m.cell.estimate(metric)?)));
        let sign = if metric.more_is_better() { -1.0 } else { 1.0 };
        with.min_by(|a, b| (sign * a.1.mean).total_cmp(&(sign * b.1.mean)))
    };
    let name = |measured: &Measured| data.subjects[measured.subject].label.clone();
    let mut sentences = Vec::new();
    if let (Some((ttft, first)), Some((otps, speed))) = (extreme(Metric::Ttft), extreme(Metric::Otps)) {
        let (first, speed) = (numbers::estimate(first, "s"), numbers::estimate(speed, "tokens/s"));
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
