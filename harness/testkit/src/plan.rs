//! Small plans.

use slm_plan::{
    Conditions, Design, ModelSource, PlanInput, PlannedModel, Weights,
    prompts::{PromptSet, build},
    request::{ContextLengths, OutputRequest, SweepRequest, ThreadsChoice, WeightsChoice},
};
use slm_protocol::{EngineKind, EngineOptions, FlashAttention, Generation, LoadMode, StopRule};
use std::time::Duration;

/// A synthetic model of no file under the null engine.
pub fn model(name: &str, params: u64) -> PlannedModel {
    PlannedModel {
        name: name.into(),
        engine: EngineKind::Null,
        weights: Weights::Synthetic,
        quant: "q4_0".into(),
        params,
        bits_per_weight: None,
        file_bytes: params * 9 / 16,
        source: ModelSource::Nothing,
        generation: generation(64),
        variant: None,
    }
}

/// Output of so many tokens.
pub fn generation(max_new_tokens: u32) -> Generation {
    Generation {
        max_new_tokens,
        stop: StopRule::FixedLength,
        chat_template: true,
        template: None,
        system: None,
    }
}

/// Two threads, and the engine's usual ways.
pub fn options() -> EngineOptions {
    EngineOptions {
        threads: Some(2),
        flash_attention: FlashAttention::Auto,
        n_ctx: None,
        n_ubatch: None,
        load: LoadMode::Mmap,
        affinity: None,
        calibrate_threads: false,
        repack: true,
    }
}

/// What a plan of these models is made from.
pub fn input(models: Vec<PlannedModel>, lengths: &ContextLengths) -> PlanInput {
    PlanInput {
        devices: vec!["local".into()],
        models,
        prompts: build(&PromptSet::builtin(), lengths),
        prompt_set: None,
        options: options(),
        design: Design::Sweep,
        runs: 1,
        repetitions: 1,
        warmups: 1,
        timeout_ms: 60_000,
        gap_ms: 0,
        seed: 1,
        conditions: Conditions::default(),
    }
}

/// The same of models called `model-0`, `model-1`…
pub fn plan_input(models: usize, chunks: &[u8], repetitions: u32, seed: u64) -> PlanInput {
    let models = (0..models).map(|i| model(&format!("model-{i}"), 125_000_000)).collect();
    PlanInput { repetitions, seed, ..input(models, &ContextLengths::Chunks(chunks.to_vec())) }
}

/// A sweep of one short prompt length, asked for.
pub fn request(models: &[&str]) -> SweepRequest {
    SweepRequest {
        models: models.iter().map(|&name| name.to_owned()).collect(),
        weights: WeightsChoice::Auto,
        quants: None,
        embeddings: None,
        engines: vec![EngineKind::Llama],
        tvm_runtime: None,
        contexts: ContextLengths::Tokens(vec![8]),
        prompts: None,
        output: OutputRequest {
            max_new_tokens: 8,
            stop: None,
            chat_template: true,
            template: None,
            system: None,
        },
        runs: 1,
        repetitions: 1,
        warmups: 1,
        threads: ThreadsChoice::Count(1),
        affinity: None,
        telemetry_interval: Duration::ZERO,
        cool_to_c: None,
        cool_timeout: None,
        flash_attention: FlashAttention::Auto,
        n_ctx: None,
        load: LoadMode::Mmap,
        repack: true,
        timeout: Duration::from_mins(1),
        seed: 1,
    }
}
