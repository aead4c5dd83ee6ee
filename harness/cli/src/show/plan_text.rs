//! A plan for people: what `--dry-run` prints.

use slm_plan::{
    Estimate, ModelSource, Plan, PlanInput,
    prompts::Context,
    text::{bytes, clean, columns, seconds},
};

/// How often every prompt is measured.
fn repeated(input: &PlanInput) -> String {
    let runs = if input.runs == 1 { "1 run".to_owned() } else { format!("{} runs", input.runs) };
    match input.repetitions {
        1 => format!("each once in {runs}"),
        n => format!("each {n} times in {runs}"),
    }
}

/// A figure's text, empty where a model that was not provided yet does not tell it.
fn known(figure: u64, text: String) -> String {
    if figure == 0 { String::new() } else { text }
}

/// The plan as text, with its forecast. `present` tells which model files exist.
pub fn plan_text(plan: &Plan, present: &[bool], estimate: &Estimate) -> String {
    let input = &plan.input;
    let backends: Vec<&str> = input.engines().into_iter().map(Into::into).collect();
    let mut rows =
        vec![["model", "weights", "type", "parameters", "bits each", "file", ""].map(str::to_owned).to_vec()];
    for (model, present) in input.models.iter().zip(present) {
        rows.push(vec![
            clean(&model.name),
            model.weights.to_string(),
            clean(&model.quant),
            known(model.params, format!("{:.1} M", model.params as f64 / 1e6)),
            model.bits_per_weight.map_or_else(String::new, |bits| format!("{bits:.2}")),
            known(model.file_bytes, bytes(model.file_bytes)),
            match &model.source {
                ModelSource::Pending { from } => format!("from {from}"),
                _ if *present => "present".into(),
                _ => "to be made".into(),
            },
        ]);
    }
    if backends.len() > 1 {
        let column = input.models.iter().map(|model| model.engine.into_str());
        for (row, engine) in rows.iter_mut().zip(std::iter::once("backend").chain(column)) {
            row.insert(1, engine.to_owned());
        }
    }
    let mut contexts: Vec<Context> = input.prompts.iter().map(|prompt| prompt.context).collect();
    contexts.dedup();
    let contexts: Vec<String> = contexts
        .into_iter()
        .map(|context| match context {
            Context::Chunks(1) => "1 chunk".to_owned(),
            Context::Chunks(k) => format!("{k} chunks"),
            Context::Tokens(1) => "1 token".into(),
            Context::Tokens(n) => format!("{n} tokens"),
        })
        .collect();
    let warmups = plan.trials.iter().filter(|trial| trial.warmup).count();
    let (devices, on_each) = if input.devices.len() > 1 { ("devices", " on each") } else { ("device", "") };
    let unset = if input.options.calibrate_threads { "calibrated" } else { "auto" };
    let threads = match input.options.threads {
        Some(1) => "1 thread".to_owned(),
        Some(threads) => format!("{threads} threads"),
        None => format!("{unset} threads"),
    };
    let set = input.prompt_set.as_deref().map(|set| format!(" of {}", clean(set))).unwrap_or_default();
    format!(
        "{}\n{} {}, backend {}, {threads}\ncontext: {}; {} prompts{set}, {}\n\
         {} trials{on_each}, {warmups} of them warm-ups, in an order of seed {}\n\
         time: about {} (a rough forecast); disk: {} of models to be made, {} of results\n",
        columns(&rows),
        devices,
        clean(&input.devices.join(", ")),
        backends.join(", "),
        contexts.join(", "),
        input.prompts.len(),
        repeated(input),
        plan.trials.len(),
        input.seed,
        seconds(estimate.seconds),
        bytes(estimate.model_bytes),
        bytes(estimate.result_bytes),
    )
}
