//! A history for programs.

use serde_json::{Map, Value, json};
use slm_decide::history::{Change, Course, History, Series, Step};

/// The whole history. `format` counts as in results folders: another major version means
/// other names.
pub fn json(history: &History) -> Value {
    let spread: Map<String, Value> = history
        .spread()
        .iter()
        .map(|(metric, spread)| {
            let value = json!({ "deviation": spread.deviation(), "degrees_of_freedom": spread.freedom });
            (metric.column().to_owned(), value)
        })
        .collect();
    json!({
        "format": "1.0",
        "sweeps": history.sweeps.iter().map(|sweep| json!({
            "name": sweep.name,
            "folder": sweep.folder.display().to_string(),
            "at": sweep.at.to_string(),
        })).collect::<Vec<_>>(),
        "skipped": history.skipped.iter().map(|skipped| json!({
            "folder": skipped.folder.display().to_string(),
            "why": skipped.why,
        })).collect::<Vec<_>>(),
        "events": history.events.iter().map(|event| json!({
            "sweep": history.sweeps[event.sweep].name,
            "devices": event.devices,
            "models": event.models,
            "changes": changes(&event.changes),
        })).collect::<Vec<_>>(),
        "tested": history.tested,
        "between_sweeps": spread,
        "series": history.series.iter().map(|own| series(history, own)).collect::<Vec<_>>(),
    })
}

fn series(history: &History, series: &Series) -> Value {
    let name = |point: usize| history.sweeps[series.points[point].sweep].name.clone();
    let cell = &series.key.cell;
    let points: Vec<Value> = series
        .points
        .iter()
        .enumerate()
        .map(|(index, point)| {
            json!({
                "sweep": name(index),
                "mean": point.estimate.mean,
                "ci_low": point.estimate.interval.map(|interval| interval.low),
                "ci_high": point.estimate.interval.map(|interval| interval.high),
                "doubtful": point.doubtful,
                "outlier": point.outlier,
            })
        })
        .collect();
    let step = |step: &Step| {
        json!({
            "sweep": name(step.at),
            "earliest": name(step.plausible[0]),
            "latest": name(step.plausible[1]),
            "before": step.before,
            "after": step.after,
            "ratio": step.ratio.0,
            "ratio_ci_low": step.ratio.1.low,
            "ratio_ci_high": step.ratio.1.high,
            "worse": series.is_worse(step.ratio.0),
            "changes": changes(&step.changes),
        })
    };
    json!({
        "device": cell.device,
        "backend": cell.backend,
        "model": cell.model,
        "weights": cell.weights,
        "quant": cell.quant,
        "context": cell.context.to_string(),
        "threads": series.key.threads,
        "metric": series.key.metric.column(),
        "points": points,
        "course": course(series),
        "trend": trend(series),
        "p": series.p,
        "p_adjusted": series.p_adjusted,
        "shift_p": series.shift_p,
        "steps": series.steps().iter().map(step).collect::<Vec<_>>(),
        "deviation": series.deviation,
    })
}

fn course(series: &Series) -> &'static str {
    match series.course {
        Course::TooFew => "too few",
        Course::Steady => "steady",
        Course::Drift => "drift",
        Course::Steps(_) => "steps",
    }
}

fn trend(series: &Series) -> Option<Value> {
    let trend = series.trend.as_ref()?;
    let factor = |slope: f64| slope.exp();
    Some(json!({
        // A pace per week says the same whatever the span; texts choose a unit that reads well.
        "ratio_per_week": trend.slope.map(|slope| factor(slope.slope)),
        "ratio_per_week_ci_low": trend.slope.map(|slope| factor(slope.interval.low)),
        "ratio_per_week_ci_high": trend.slope.map(|slope| factor(slope.interval.high)),
        "weeks": trend.weeks,
        "p": trend.p,
        "worse": trend.total().map(|total| series.is_worse(total)),
    }))
}

fn changes(changes: &[Change]) -> Vec<Value> {
    changes
        .iter()
        .map(|change| json!({ "what": change.what, "removed": change.removed, "added": change.added }))
        .collect()
}
