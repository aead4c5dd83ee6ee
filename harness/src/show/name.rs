//! Names of a plan's models for people.

use super::clean;
use crate::plan::Plan;

/// A model's name, with its quantisation where the plan has it in several of one engine,
/// and its engine where the plan has several.
pub(super) fn model_name(plan: &Plan, name: &str, quant: &str, backend: &str) -> String {
    let own = plan.input.models.iter().filter(|other| other.backend.into_str() == backend);
    let in_others = own.clone().any(|other| other.name == name && other.quant != quant);
    let quant = if in_others { format!(" {}", clean(quant)) } else { String::new() };
    let alone = own.count() == plan.input.models.len();
    let backend = if alone { String::new() } else { format!(" ({})", clean(backend)) };
    format!("{}{quant}{backend}", clean(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests_support::input;

    #[test]
    fn a_quantisation_is_named_where_it_tells_models_apart() {
        let mut input = input(2, &[1], 1, 1);
        (input.models[0].name, input.models[1].name) = ("a\u{1b}".into(), "b".into());
        (input.models[0].quant, input.models[1].quant) = ("q4_0".into(), "f16".into());
        let names = |input: &crate::plan::PlanInput| {
            let plan = Plan::new(input.clone()).unwrap();
            let models = plan.input.models.iter();
            let names =
                models.map(|model| model_name(&plan, &model.name, &model.quant, model.backend.into_str()));
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&input), ["a\u{fffd}", "b"]);
        input.models[1].name = input.models[0].name.clone();
        assert_eq!(names(&input), ["a\u{fffd} q4_0", "a\u{fffd} f16"]);
        input.models[1].backend = slm_protocol::EngineKind::TvmRelaxVm;
        assert_eq!(names(&input), ["a\u{fffd} (null)", "a\u{fffd} (tvm-relax-vm)"]);
    }
}
