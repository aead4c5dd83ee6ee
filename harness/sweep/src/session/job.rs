//! From what is left of a plan to an agent's job.

use super::backlog::Backlog;
use crate::rewarm;
use slm_device::StagedModel;
use slm_plan::Plan;
use slm_protocol::{Job, ModelFile, Prompt, TrialOrder, VERSION};

/// A job for the trials left. All prompts of the plan go with it, so that every
/// agent of a sweep allocates the same context. An agent that starts in the middle
/// first repeats a warm-up, which is not a trial of the plan.
pub(super) fn make(plan: &Plan, model: usize, on_device: &StagedModel, backlog: &Backlog<'_>) -> Job {
    let input = &plan.input;
    let planned = &input.models[model];
    let order = |trial_id: String, prompt, warmup| TrialOrder { trial_id, prompt, warmup };
    let in_the_middle = backlog.trials().next().is_some_and(|trial| !trial.warmup);
    let longest = backlog.trials().max_by_key(|trial| input.prompts[trial.prompt].context);
    let rewarm = longest.filter(|_| in_the_middle && input.warmups > 0);
    let rewarm = rewarm.map(|trial| order(format!("{}{}", rewarm::PREFIX, trial.id), trial.prompt, true));
    let trials = backlog.trials().map(|trial| order(trial.id.clone(), trial.prompt, trial.warmup));
    Job {
        protocol: VERSION,
        engine: planned.engine,
        model: ModelFile {
            name: planned.name.clone(),
            path: on_device.path.clone(),
            compiled: on_device.compiled.clone(),
        },
        options: planned.variant.as_ref().map_or(&input.options, |variant| &variant.options).clone(),
        generation: planned.generation.clone(),
        prompts: input
            .prompts
            .iter()
            .map(|p| Prompt { id: p.id.clone(), content: p.content.clone() })
            .collect(),
        trials: rewarm.into_iter().chain(trials).collect(),
        trial_timeout_ms: input.timeout_ms,
        load_timeout_ms: 0,
        gap_ms: input.gap_ms,
        telemetry_ms: input.conditions.telemetry_ms,
        cool_down: input.conditions.cool_down,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slm_plan::{
        prompts::{PromptSet, build},
        request::ContextLengths,
    };
    use slm_protocol::{EngineKind, PromptContent};
    use slm_testkit::plan::plan_input as input;
    use std::cell::RefCell;

    fn staged() -> StagedModel {
        StagedModel::file("m".into())
    }

    #[test]
    fn models_of_two_engines_get_the_same_prompts() {
        let mut input = input(2, &[], 1, 1);
        input.prompts = build(&PromptSet::builtin(), &ContextLengths::Tokens(vec![32, 128]));
        input.models[0].engine = EngineKind::Llama;
        input.models[1].engine = EngineKind::TvmRelaxVm;
        let plan = Plan::new(input).unwrap();
        let job = |model: usize| {
            let own = (0..plan.trials.len()).filter(|&trial| plan.trials[trial].model == model);
            make(&plan, model, &staged(), &Backlog::new(&plan, "local", own.collect(), &RefCell::default()))
        };
        let (first, second) = (job(0), job(1));
        assert_eq!((first.engine, second.engine), (EngineKind::Llama, EngineKind::TvmRelaxVm));
        assert_eq!(first.prompts, second.prompts);
        let exact = |job: &Job| {
            let tokens = |prompt: &Prompt| match &prompt.content {
                PromptContent::Exact { tokens, .. } => Some(*tokens),
                PromptContent::Text { .. } => None,
            };
            job.prompts.iter().filter_map(tokens).collect::<Vec<_>>()
        };
        assert!(exact(&first).contains(&32) && exact(&second).contains(&128));
        assert_eq!(first.trials.len(), second.trials.len());
    }

    #[test]
    fn an_agent_that_starts_in_the_middle_warms_up_again() {
        let plan = Plan::new(input(1, &[0, 2], 1, 1)).unwrap();
        let all: Vec<usize> = (0..plan.trials.len()).collect();
        let first =
            make(&plan, 0, &staged(), &Backlog::new(&plan, "local", all.clone(), &RefCell::default()));
        assert_eq!(first.trials.len(), 12);
        let resumed =
            make(&plan, 0, &staged(), &Backlog::new(&plan, "local", all[5..].to_vec(), &RefCell::default()));
        assert_eq!(resumed.trials.len(), 8);
        let rewarmed = rewarm::source(&resumed.trials[0].trial_id).unwrap();
        assert_eq!(plan.trials.iter().find(|t| t.id == rewarmed).unwrap().prompt, resumed.trials[0].prompt);
        assert!(resumed.prompts[resumed.trials[0].prompt].id.ends_with("-k2"));
        assert_eq!(first.prompts, resumed.prompts);
    }
}
