//! The answer for programs.

use serde_json::{Value as Json, json};
use slm_decide::sweet_spot::{Answer, Budgets, Group, Origin, Point, SizeAnswer, Value};

/// The answer for one group.
pub fn json(group: &Group, budgets: &Budgets, answer: &Answer, size: Option<&SizeAnswer>) -> Json {
    let limits: serde_json::Map<String, Json> =
        budgets.given().iter().map(|budget| (budget.name.to_lowercase(), json!(budget.limit))).collect();
    let fits: Vec<Json> = group
        .costs
        .fits
        .values()
        .map(|fit| {
            json!({
                "quantity": fit.quantity.into_str(),
                "cells": fit.cells,
                "forms": fit.curves.values().map(|curve| json!({
                    "form": curve.form.into_str(),
                    "coefficients": curve.coefficients,
                    "exponent": curve.exponent,
                })).collect::<Vec<_>>(),
                "left_out": fit.predictors.iter().map(|(extrapolation, predictor)| json!({
                    "extrapolation": extrapolation.into_str(),
                    "form": predictor.form.into_str(),
                    "predictions": predictor.held_out.predictions(),
                    "cases": predictor.held_out.cases(),
                    "median_error": predictor.held_out.error(),
                    "median_error_by_form": predictor.errors.iter().map(|(form, error)| {
                        (form.into_str().to_owned(), json!(error))
                    }).collect::<serde_json::Map<String, Json>>(),
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    let choices: Vec<Json> = answer
        .choices
        .iter()
        .map(|choice| {
            json!({
                "context": choice.context.to_string(),
                "measured": choice.measured.as_ref().map(|point| point.model.clone()),
                "predicted": choice.predicted.as_ref().map(|point| point.model.clone()),
                "next": choice.next.as_ref().map(|next| json!({
                    "model": next.point.model,
                    "needs": next.needs.iter().map(|need| {
                        json!({ "budget": need.name, "value": value(need.value), "unit": need.unit })
                    }).collect::<Vec<_>>(),
                })),
            })
        })
        .collect();
    let fronts: Vec<Json> = answer
        .fronts
        .iter()
        .map(|front| {
            let models: Vec<Json> = front
                .models
                .iter()
                .map(|(model, worth, seconds)| json!({ "model": model, "worth": worth, "seconds": seconds }))
                .collect();
            json!({ "context": front.context.to_string(), "models": models })
        })
        .collect();
    json!({
        "format": "1.0",
        "device": group.device,
        "backend": group.backend,
        "quant": group.quant,
        "synthetic": group.synthetic,
        "budgets": limits,
        "output_tokens": group.output_tokens,
        "largest": answer.largest.as_ref().map(|p| point(p, budgets)),
        "longest": answer.longest.as_ref().map(|p| point(p, budgets)),
        "best": answer.best.as_ref().map(|(p, score)| json!({ "point": point(p, budgets), "score": score })),
        "size": size.map(|size| json!({
            "prompt_tokens": size.tokens,
            "output_tokens": size.output_tokens,
            "params": size.params,
            "params_cautious": size.cautious,
            "extrapolated": size.extrapolated,
        })),
        "choices": choices,
        "fronts": fronts,
        "points": group.points.iter().map(|p| point(p, budgets)).collect::<Vec<_>>(),
        "cost_model": fits,
    })
}

fn point(point: &Point, budgets: &Budgets) -> Json {
    let (origin, extrapolated, failure) = match point.origin {
        Origin::Measured => ("measured", false, None),
        Origin::Predicted { extrapolated } => ("predicted", extrapolated, None),
        Origin::Failed(failure) => ("failed", false, failure),
    };
    let value = |figure: Option<Value>| figure.map(value);
    json!({
        "model": point.model,
        "params": point.params,
        "context": point.context.to_string(),
        "prompt_tokens": point.tokens,
        "origin": origin,
        "extrapolated": extrapolated,
        "failure": failure,
        "fitness": budgets.judge(point).into_str(),
        "ttft_s": value(point.ttft),
        "runtime_s": value(point.runtime),
        "otps": value(point.otps),
        "rss_peak_mib": value(point.memory),
        "energy_j_per_token": value(point.energy),
    })
}

fn value(value: Value) -> Json {
    json!({
        "figure": value.figure,
        "low": value.interval.map(|interval| interval.low),
        "high": value.interval.map(|interval| interval.high),
    })
}
