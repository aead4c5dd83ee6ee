//! The order of trials: randomised blocks.
//!
//! Models come one after another, since each is loaded once. Within a model,
//! each repetition is a block that has every prompt of every context once, in a
//! seeded random order: heating and drift then fall on all cells alike. Warm-ups
//! come before the first block.

use super::{PlanInput, PlannedTrial};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

pub(super) fn interleave(input: &PlanInput) -> Vec<PlannedTrial> {
    let mut rng = ChaCha8Rng::seed_from_u64(input.seed);
    let mut trials = Vec::new();
    for model in 0..input.models.len() {
        let mut push = |prompt, repetition, warmup| {
            let id = format!("t{:04}", trials.len() + 1);
            trials.push(PlannedTrial { id, model, prompt, repetition, warmup });
        };
        for repetition in 1..=input.warmups {
            for prompt in first_of_each_context(input) {
                push(prompt, repetition, true);
            }
        }
        for repetition in 1..=input.repetitions {
            let mut block: Vec<usize> = (0..input.prompts.len()).collect();
            block.shuffle(&mut rng);
            for prompt in block {
                push(prompt, repetition, false);
            }
        }
    }
    trials
}

fn first_of_each_context(input: &PlanInput) -> Vec<usize> {
    let prompts = &input.prompts;
    (0..prompts.len()).filter(|&i| i == 0 || prompts[i].context != prompts[i - 1].context).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        cli::ContextLengths,
        plan::{Conditions, ModelSource, Plan, PlannedModel, Weights},
        prompts::{PromptSet, build},
    };
    use slm_protocol::{EngineKind, EngineOptions, FlashAttention, Generation, LoadMode, StopRule};
    use std::collections::BTreeMap;

    /// A small plan for the tests of other modules.
    pub(crate) fn input(models: usize, chunks: &[u8], repetitions: u32, seed: u64) -> PlanInput {
        let model = |i: usize| PlannedModel {
            name: format!("model-{i}"),
            backend: EngineKind::Null,
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

    #[test]
    fn every_block_has_every_prompt_once() {
        let plan = Plan::new(input(2, &[0, 1, 4], 3, 7)).unwrap();
        assert_eq!(plan.trials.len(), 2 * (3 + 15 * 3));
        for model in 0..2 {
            let measured: Vec<_> = plan.trials.iter().filter(|t| t.model == model && !t.warmup).collect();
            for (block, trials) in (1..).zip(measured.chunks(15)) {
                let prompts: BTreeMap<_, _> = trials.iter().map(|t| (t.prompt, t.repetition)).collect();
                assert_eq!(prompts.len(), 15);
                assert!(prompts.values().all(|&repetition| repetition == block));
            }
        }
    }

    #[test]
    fn the_seed_decides_the_order() {
        let order = |seed| Plan::new(input(1, &[0, 1, 2], 2, seed)).unwrap();
        assert_eq!(order(1), order(1));
        assert_ne!(order(1).trials, order(2).trials);
        assert_eq!(order(1).hash().unwrap(), order(1).hash().unwrap());
    }
}
