//! `bench prompts show`: what a model reads for each prompt, without measuring.

use super::{Outcome, chat_template};
use crate::{
    args::{OutputFormat, PromptsArgs, PromptsCommand},
    show::{ModelWork, data, json as print_json, note, prompts_text},
};
use slm_plan::{
    error::{Error, Result},
    interrupt::Interrupt,
    prompts::{BuiltPrompt, prompts},
    request::{OutputRequest, SweepRequest, ThreadsChoice},
    text::clean,
};
use slm_protocol::{EngineKind, FlashAttention, LoadMode};
use slm_provision::{Work, resolve, shown_prompts};
use std::time::Duration;

/// Runs the command.
pub(super) fn run(command: &PromptsCommand) -> Result<Outcome> {
    let PromptsCommand::Show(args) = command;
    let request = request(args)?;
    let chosen = chosen(args, prompts(request.prompts.as_deref(), &request.contexts)?)?;
    let resolution = resolve(&request, &[])?;
    for remark in &resolution.remarks {
        note(&format!("bench: {remark}"));
    }
    let (interrupt, work) = (Interrupt::default(), ModelWork::default());
    let tell = |event: slm_provision::Event<'_>| work.show(event);
    let models = resolution.provide(&request, Work { interrupt: &interrupt, tell: &tell })?;
    let Some(model) = models.first() else {
        return Err(Error::input("no model is named", "give a catalogue name or a GGUF file"));
    };
    let report = shown_prompts(model, &chosen, &tell)?;
    drop(work);
    match args.output.output {
        OutputFormat::Text => data(&prompts_text(&model.name, &report)),
        OutputFormat::Json => print_json(&report)?,
    }
    let is_refused = report.prompts.iter().any(|prompt| prompt.unsupported.is_some());
    Ok(if is_refused { Outcome::SomeFailed } else { Outcome::Done })
}

fn chosen(args: &PromptsArgs, built: Vec<BuiltPrompt>) -> Result<Vec<BuiltPrompt>> {
    if let Some(unknown) = args.prompt.iter().find(|id| built.iter().all(|prompt| prompt.id != **id)) {
        let ids: Vec<&str> = built.iter().map(|prompt| prompt.id.as_str()).collect();
        let what = format!("--prompt {unknown}: there is none of that name");
        return Err(Error::input(clean(&what), format!("at these lengths there are {}", ids.join(", "))));
    }
    Ok(built.into_iter().filter(|p| args.prompt.is_empty() || args.prompt.contains(&p.id)).collect())
}

/// What a sweep of the model would be asked for.
fn request(args: &PromptsArgs) -> Result<SweepRequest> {
    let template = args.chat_template.as_deref().map(chat_template::read).transpose()?;
    Ok(SweepRequest {
        models: vec![args.model.clone()],
        weights: args.weights.into(),
        quants: args.quant.map(|quant| vec![quant]),
        embeddings: None,
        engines: vec![EngineKind::Llama],
        tvm_runtime: None,
        contexts: args.prompt_tokens.clone().unwrap_or_else(|| args.chunks.clone()),
        prompts: args.prompts.clone(),
        output: OutputRequest {
            max_new_tokens: args.max_new_tokens,
            stop: None,
            chat_template: !args.no_chat_template,
            template,
            system: args.system.clone(),
        },
        runs: 1,
        repetitions: 1,
        warmups: 0,
        threads: ThreadsChoice::Count(1),
        affinity: None,
        telemetry_interval: Duration::ZERO,
        cool_to_c: None,
        cool_timeout: None,
        flash_attention: FlashAttention::Auto,
        n_ctx: None,
        load: LoadMode::Mmap,
        repack: false,
        timeout: Duration::from_mins(1),
        seed: 1,
    })
}
