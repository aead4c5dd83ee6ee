//! Names of a plan's models for people.

use super::clean;
use crate::plan::Plan;

/// A model's name, with its quantisation where the plan has it in several.
pub(super) fn model_name(plan: &Plan, name: &str, quant: &str) -> String {
    let in_others = plan.input.models.iter().any(|other| other.name == name && other.quant != quant);
    if in_others { format!("{} {}", clean(name), clean(quant)) } else { clean(name) }
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
            let names = plan.input.models.iter().map(|model| model_name(&plan, &model.name, &model.quant));
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&input), ["a\u{fffd}", "b"]);
        input.models[1].name = input.models[0].name.clone();
        assert_eq!(names(&input), ["a\u{fffd} q4_0", "a\u{fffd} f16"]);
    }
}
