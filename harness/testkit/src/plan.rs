//! Small plans.

use slm_plan::{
    Conditions, ModelSource, PlanInput, PlannedModel, Weights,
    prompts::{PromptSet, build},
    request::ContextLengths,
};
use slm_protocol::{EngineKind, EngineOptions, FlashAttention, Generation, LoadMode, StopRule};

/// What a small plan is made from: synthetic models of no file under the null engine.
pub fn plan_input(models: usize, chunks: &[u8], repetitions: u32, seed: u64) -> PlanInput {
    let model = |i: usize| PlannedModel {
        name: format!("model-{i}"),
        engine: EngineKind::Null,
        weights: Weights::Synthetic,
        quant: "q4_0".into(),
        params: 125_000_000,
        bits_per_weight: None,
        file_bytes: 78_000_000,
        source: ModelSource::Nothing,
        generation: Generation {
            max_new_tokens: 64,
            stop: StopRule::FixedLength,
            chat_template: true,
            system: None,
        },
    };
    PlanInput {
        devices: vec!["local".into()],
        models: (0..models).map(model).collect(),
        prompts: build(&PromptSet::builtin(), &ContextLengths::Chunks(chunks.to_vec())),
        prompt_set: None,
        options: EngineOptions {
            threads: Some(2),
            flash_attention: FlashAttention::Auto,
            n_ctx: None,
            n_ubatch: None,
            load: LoadMode::Mmap,
            affinity: None,
            calibrate_threads: false,
            repack: true,
        },
        repetitions,
        warmups: 1,
        timeout_ms: 60_000,
        gap_ms: 0,
        seed,
        conditions: Conditions::default(),
    }
}
