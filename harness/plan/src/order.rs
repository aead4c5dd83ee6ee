//! The order of trials: randomised blocks at two levels.
//!
//! A run is a fresh agent process with a fresh load, the unit of replication: memory layout, page
//! placement and clocks are drawn once a process and drift over minutes. So each run of a sweep is a
//! block that holds every model once, in an order drawn anew, and the runs of one model are spread
//! over the whole sweep. Within a run of a model, each repetition is a block that has every prompt
//! of every context once, in a random order: heating and drift then fall on all cells alike.
//! Warm-ups come before the first of these. (Kalibera and Jones 2013, "Rigorous benchmarking in
//! reasonable time", on levels of repetition.)
//!
//! Two settings that are compared alternate, A B B A A B B A, so that a steady drift falls on both
//! alike, and both read the prompts of a block in one order.

use crate::input::{Design, PlanInput, PlannedTrial};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

pub(super) fn interleave(input: &PlanInput) -> Vec<PlannedTrial> {
    let mut rng = ChaCha8Rng::seed_from_u64(input.seed);
    let mut trials = Vec::new();
    let mut models: Vec<usize> = (0..input.models.len()).collect();
    models.shuffle(&mut rng);
    for run in 1..=input.runs {
        match input.design {
            Design::Sweep => {
                models.shuffle(&mut rng);
                for &model in &models {
                    add_run(input, run, model, &mut rng, &mut trials);
                }
            }
            Design::Ab => {
                for &model in &models {
                    add_run(input, run, model, &mut rng.clone(), &mut trials);
                }
                // The last of one block is the first of the next.
                models.reverse();
                rng = ChaCha8Rng::seed_from_u64(input.seed.wrapping_add(u64::from(run)));
            }
        }
    }
    trials
}

/// One run of one model: its warm-ups, then every repetition as a block.
fn add_run(input: &PlanInput, run: u32, model: usize, rng: &mut ChaCha8Rng, trials: &mut Vec<PlannedTrial>) {
    let mut push = |prompt, repetition, warmup| {
        let id = format!("t{:04}", trials.len() + 1);
        trials.push(PlannedTrial { id, model, prompt, run, repetition, warmup });
    };
    for repetition in 1..=input.warmups {
        for prompt in first_of_each_context(input) {
            push(prompt, repetition, true);
        }
    }
    for repetition in 1..=input.repetitions {
        let mut block: Vec<usize> = (0..input.prompts.len()).collect();
        block.shuffle(rng);
        for prompt in block {
            push(prompt, repetition, false);
        }
    }
}

fn first_of_each_context(input: &PlanInput) -> Vec<usize> {
    let prompts = &input.prompts;
    (0..prompts.len()).filter(|&i| i == 0 || prompts[i].context != prompts[i - 1].context).collect()
}
