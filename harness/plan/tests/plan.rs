//! Plans as a whole: order, forecast, names.

#![allow(clippy::unwrap_used, missing_docs)]

use slm_plan::{Estimate, Plan, PlanInput, model_name};
use slm_testkit::plan::plan_input as input;
use std::collections::BTreeMap;

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

#[test]
fn more_context_and_more_repetitions_take_longer() {
    let seconds = |chunks: &[u8], repetitions| {
        Estimate::of(&Plan::new(input(1, chunks, repetitions, 1)).unwrap(), &[true]).seconds
    };
    assert!(seconds(&[4], 1) > seconds(&[1], 1));
    assert!(seconds(&[1], 3) > 2.0 * seconds(&[1], 1));
}

#[test]
fn only_missing_models_take_disk() {
    let plan = Plan::new(input(2, &[0], 1, 1)).unwrap();
    assert_eq!(Estimate::of(&plan, &[true, false]).model_bytes, plan.input.models[1].file_bytes);
}

#[test]
fn a_quantization_is_named_where_it_tells_models_apart() {
    let mut input = input(2, &[1], 1, 1);
    (input.models[0].name, input.models[1].name) = ("a\u{1b}".into(), "b".into());
    (input.models[0].quant, input.models[1].quant) = ("q4_0".into(), "f16".into());
    let names = |input: &PlanInput| {
        let plan = Plan::new(input.clone()).unwrap();
        let models = plan.input.models.iter();
        let names = models.map(|model| model_name(&plan, &model.name, &model.quant, model.engine.into_str()));
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&input), ["a\u{fffd}", "b"]);
    input.models[1].name = input.models[0].name.clone();
    assert_eq!(names(&input), ["a\u{fffd} q4_0", "a\u{fffd} f16"]);
    input.models[1].engine = slm_protocol::EngineKind::TvmRelaxVm;
    assert_eq!(names(&input), ["a\u{fffd} (null)", "a\u{fffd} (tvm-relax-vm)"]);
}

#[test]
fn the_same_models_under_another_engine_are_another_plan() {
    let hash = |engine| {
        let mut input = input(1, &[0], 1, 1);
        input.models[0].engine = engine;
        Plan::new(input).unwrap().hash().unwrap()
    };
    assert_ne!(hash(slm_protocol::EngineKind::Llama), hash(slm_protocol::EngineKind::TvmRelaxVm));
}
