//! `bench models quantize`: a model file with its weights in fewer bits.

use super::Outcome;
use crate::{
    args::{OutputFormat, QuantizeArgs},
    interrupt,
    show::{self, ModelWork, data, note},
};
use serde_json::{Value, json};
use slm_plan::{
    error::{Error, Result},
    text::{bytes, clean, columns},
};
use slm_provision::{
    Work,
    quantize::{self, QuantPlan, Recipe},
};

/// Runs the command.
pub(super) fn run(args: &QuantizeArgs) -> Result<Outcome> {
    let interrupt = interrupt::listen()?;
    let recipe = Recipe { quant: args.quant, embd: args.embd, head: None };
    if let Some(out) = &args.out {
        quantize::check_output(&args.input, out)?;
    }
    let Some(plan) = quantize::plan(&args.input, &recipe, &interrupt)? else {
        return Ok(Outcome::Interrupted);
    };
    if let Some(fallbacks) = plan.fallbacks_in_words() {
        if args.strict {
            return Err(Error::input(clean(&fallbacks), "choose another --type, or leave --strict out"));
        }
        note(&clean(&fallbacks));
    }
    let mut about = plan_json(&plan, &recipe);
    if args.dry_run {
        return print(args, &plan, &about, "nothing written, it would have").map(|()| Outcome::Done);
    }
    let hash = quantize::source_sha256(&args.input)?;
    let out = if let Some(out) = &args.out {
        out.clone()
    } else {
        let cached = quantize::cached_path(&args.input, &hash, &recipe, &plan);
        if cached.is_file() {
            about["file"] = json!(cached);
            let start = format!("{}: made before,", clean(&cached.display().to_string()));
            return print(args, &plan, &about, &start).map(|()| Outcome::Done);
        }
        cached
    };
    let shown = ModelWork::default();
    let work = Work { interrupt: &interrupt, tell: &|event| shown.show(event) };
    let made = quantize::quantize(&args.input, &hash, &out, &recipe, plan, work);
    let Some(made) = made? else { return Ok(Outcome::Interrupted) };
    about["file"] = json!(made.path);
    about["manifest"] = json!(made.provenance);
    about["file_bytes"] = json!(made.bytes);
    about["sha256"] = json!(made.sha256);
    about["source_sha256"] = json!(hash);
    let name = made.path.display().to_string();
    print(args, &made.plan, &about, &format!("{}:", clean(&name))).map(|()| Outcome::Done)
}

fn print(args: &QuantizeArgs, plan: &QuantPlan, about: &Value, start: &str) -> Result<()> {
    if args.output.output == OutputFormat::Json {
        return show::json(about);
    }
    let rows: Vec<Vec<String>> = plan
        .counts()
        .into_iter()
        .map(|(ggml_type, count)| {
            vec![
                format!("  {ggml_type}"),
                count.to_string(),
                if count == 1 { "tensor" } else { "tensors" }.into(),
            ]
        })
        .collect();
    let size = bytes(plan.bytes);
    let (quant, bits) = (args.quant, plan.bits_per_weight);
    data(&format!("{start} {size} of weights, {quant}, {bits:.2} bits per weight\n{}", columns(&rows)));
    Ok(())
}

fn plan_json(plan: &QuantPlan, recipe: &Recipe) -> Value {
    let types: serde_json::Map<String, Value> =
        plan.counts().into_iter().map(|(ggml_type, count)| (ggml_type.name().into(), json!(count))).collect();
    let fallbacks: Vec<Value> = plan
        .fallbacks
        .iter()
        .map(|f| json!({"tensor": f.tensor, "wanted": f.wanted, "used": f.used}))
        .collect();
    json!({
        "type": recipe.quant.name(),
        "embd": recipe.embd.map(|embd| embd.to_string()),
        "engine": plan.engine,
        "bits_per_weight": plan.bits_per_weight,
        "weight_bytes": plan.bytes,
        "tensor_types": types,
        "fallbacks": fallbacks,
    })
}
