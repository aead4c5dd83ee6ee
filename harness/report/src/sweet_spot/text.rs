//! The answer for a terminal.

use slm_decide::{
    cost_model::{Extrapolation, Form, Predictor},
    sweet_spot::{
        Answer, Budgets, Choice, Fitness, Group, Need, NextSize, Origin, Point, Quality, SizeAnswer, Value,
    },
};
use slm_plan::text::{clean, columns, figure};
use std::fmt::Write;

/// The answer for one group: sentences, tables, and the errors of the predictions.
pub fn text(
    group: &Group,
    budgets: &Budgets,
    answer: &Answer,
    size: Option<&SizeAnswer>,
    quality: Option<&Quality>,
) -> String {
    let mut text = format!("{}, {}, {}\n", clean(&group.device), clean(&group.backend), clean(&group.quant));
    let limits: Vec<String> = budgets
        .given()
        .iter()
        .map(|b| {
            format!(
                "{} {} {} {}",
                b.name,
                if b.is_most { "at most" } else { "at least" },
                figure(b.limit),
                b.unit
            )
        })
        .collect();
    let _ = writeln!(text, "budget: {}\n", limits.join(", "));
    for line in sentences(answer, size) {
        let _ = writeln!(text, "{line}");
    }
    let _ = write!(text, "\n{}", columns(&choices(answer)));
    let _ = write!(text, "\n{}", columns(&grid(group, budgets)));
    let _ = write!(text, "\n{}", fronts(answer, quality));
    for line in remarks(group) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// The answer in sentences.
fn sentences(answer: &Answer, size: Option<&SizeAnswer>) -> Vec<String> {
    let mut lines = Vec::new();
    match (&answer.largest, &answer.longest) {
        (Some(largest), Some(longest)) => {
            lines.push(format!(
                "The largest model within the budget is {}, with a context of at most {}.",
                named(largest),
                at(largest)
            ));
            lines.push(format!("The longest context within it is {}, with {}.", at(longest), named(longest)));
        }
        _ => lines.push("No measured cell is within the budget.".to_owned()),
    }
    if let Some((best, score)) = &answer.best {
        lines.push(format!("At {} the best score within it has {}: {score}.", at(best), named(best)));
    }
    if let Some(size) = size {
        lines.push(size_sentence(size));
    }
    lines
}

fn size_sentence(size: &SizeAnswer) -> String {
    let task = format!("{} prompt and {:.0} output tokens", size.tokens, size.output_tokens);
    let mut line = match (size.params, size.cautious) {
        (None, _) => format!("Predicted: no size is within the budget at {task}"),
        (Some(params), cautious_params) => {
            let cautious = match cautious_params {
                Some(cautious_params) if cautious_params < params => {
                    format!(", {} at the cautious end", millions(cautious_params))
                }
                Some(_) => String::new(),
                None => ", none at the cautious end".to_owned(),
            };
            let about = millions(params);
            format!("Predicted: at {task}, up to about {about} parameters are within the budget{cautious}")
        }
    };
    if size.extrapolated {
        line += " (extrapolated: outside of the sizes or lengths measured)";
    }
    line + "."
}

fn choices(answer: &Answer) -> Vec<Vec<String>> {
    let header = ["context", "largest within", "next size up", "it would need"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(answer.choices.iter().map(choice));
    rows
}

fn choice(choice: &Choice) -> Vec<String> {
    let mut within: Vec<String> = choice.measured.iter().map(|point| clean(&point.model)).collect();
    within.extend(choice.predicted.iter().map(|point| format!("{} (predicted)", clean(&point.model))));
    let none = || "-".to_owned();
    vec![
        choice.context.to_string(),
        if within.is_empty() { none() } else { within.join(", ") },
        choice.next.as_ref().map_or_else(none, |next| clean(&next.point.model)),
        choice.next.as_ref().map_or_else(none, needed),
    ]
}

fn needed(next: &NextSize) -> String {
    if let Origin::Failed(failure) = next.point.origin {
        return failure.map_or("it did not run".into(), |failure| format!("it failed: {failure}"));
    }
    if next.needs.is_empty() {
        return "figures that were not measured".into();
    }
    next.needs.iter().map(need).collect::<Vec<_>>().join(", ")
}

fn need(need: &Need) -> String {
    let Need { name, value, unit } = need;
    match value.interval {
        None => format!("{name} {} {unit}", figure(value.figure)),
        Some(i) => format!("{name} ~{} {unit} ({} to {})", rough(value.figure), rough(i.low), rough(i.high)),
    }
}

/// Two significant digits: a prediction has no more.
fn rough(value: f64) -> String {
    if value <= 0.0 || !value.is_finite() {
        return figure(value);
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    let rounded = (value / unit).round() * unit;
    match value {
        v if v >= 9.95 => format!("{rounded:.0}"),
        v if v >= 0.995 => format!("{rounded:.1}"),
        _ => format!("{rounded:.3}"),
    }
}

/// Models by contexts: TTFT / runtime, and whether they are within.
fn grid(group: &Group, budgets: &Budgets) -> Vec<Vec<String>> {
    let contexts = group.contexts();
    let mut header = vec!["TTFT / runtime (s)".to_owned()];
    header.extend(contexts.iter().map(ToString::to_string));
    let mut rows = vec![header];
    let mut last = None;
    for point in &group.points {
        if last != Some((&point.model, point.params)) {
            last = Some((&point.model, point.params));
            rows.push(vec![format!("{} ({})", clean(&point.model), millions(point.params))]);
        }
        if let Some(row) = rows.last_mut() {
            row.push(entry(point, budgets));
        }
    }
    rows
}

fn entry(point: &Point, budgets: &Budgets) -> String {
    if let Origin::Failed(failure) = point.origin {
        return failure.map_or("failed".into(), |failure| failure.to_string());
    }
    let value = |value: Option<Value>| match value {
        Some(value) if point.origin == Origin::Measured => figure(value.figure),
        Some(value) => format!("~{}", rough(value.figure)),
        None => "-".into(),
    };
    let mark = match budgets.judge(point) {
        Fitness::Within => " ✓",
        Fitness::Perhaps => " ?",
        Fitness::Beyond | Fitness::Unknown => "  ",
    };
    format!("{} / {}{mark}", value(point.ttft), value(point.runtime))
}

fn fronts(answer: &Answer, quality: Option<&Quality>) -> String {
    let worth = if quality.is_some() { "better" } else { "larger" };
    let mut text = format!("Models that no other is both {worth} and quicker than (runtime in s):\n");
    for front in answer.fronts.iter().filter(|front| !front.models.is_empty()) {
        let models: Vec<String> = front
            .models
            .iter()
            .map(|(model, _, seconds)| format!("{} {}", clean(model), figure(*seconds)))
            .collect();
        let _ = writeln!(text, "  {}: {}", front.context, models.join(", "));
    }
    text
}

fn remarks(group: &Group) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "✓ within the budget   ~ predicted by the cost model, not measured\n? its interval reaches over the budget, or it has none".into(),
    ];
    if group.synthetic {
        lines.push("synthetic weights: the exact shape, random values".to_owned());
    }
    for fit in group.costs.fits.values() {
        lines.push(format!("cost model, {} ({} cells), median errors:", fit.quantity.into_str(), fit.cells));
        let errors: Vec<String> =
            fit.predictors.iter().filter_map(|(extrapolation, own)| error(*extrapolation, own)).collect();
        lines.push(format!(
            "  {}",
            if errors.is_empty() { "too few cells to tell".into() } else { errors.join(", ") }
        ));
    }
    lines
}

/// The error of predictions that extrapolate alike.
fn error(extrapolation: Extrapolation, predictor: &Predictor) -> Option<String> {
    let error = 100.0 * predictor.held_out.error()?;
    let by = match predictor.form {
        Form::Parts => "",
        Form::Power => " (power law)",
    };
    Some(format!("{error:.0} % on {}{by}", extrapolation.into_str()))
}

fn named(point: &Point) -> String {
    format!("{} ({})", clean(&point.model), millions(point.params))
}

fn at(point: &Point) -> String {
    match point.context {
        slm_results::read::Context::Tokens(_) => point.context.to_string(),
        context @ slm_results::read::Context::Chunks(_) => format!("{context} ({:.0} tokens)", point.tokens),
    }
}

/// Parameters, rounded: `135 M`, `1.54 B`.
fn millions(params: u64) -> String {
    let millions = params as f64 / 1e6;
    if millions >= 1000.0 { format!("{:.2} B", millions / 1000.0) } else { format!("{millions:.0} M") }
}
