//! The order of trials: randomised blocks.
//!
//! Models come one after another, since each is loaded once. Within a model,
//! each repetition is a block that has every prompt of every context once, in a
//! seeded random order: heating and drift then fall on all cells alike. Warm-ups
//! come before the first block.

use crate::input::{PlanInput, PlannedTrial};
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
