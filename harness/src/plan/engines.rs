//! How a plan is written down: the engine stands once, before the models, where all have
//! the same one, as it did when a plan had only one; else with each model. So plans of
//! before keep their hash, and equal plans have equal ones whatever wrote them.

use super::PlannedModel;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use slm_protocol::EngineKind;

#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<EngineKind>,
    models: Vec<WithEngine<&'a PlannedModel>>,
}

#[derive(Deserialize)]
struct Read {
    backend: Option<EngineKind>,
    models: Vec<WithEngine<PlannedModel>>,
}

#[derive(Serialize, Deserialize)]
struct WithEngine<M> {
    #[serde(flatten)]
    model: M,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<EngineKind>,
}

/// Until [`deserialize`] puts the engine in its place.
pub(super) fn unset() -> EngineKind {
    EngineKind::Null
}

pub(super) fn serialize<S: Serializer>(models: &[PlannedModel], serializer: S) -> Result<S::Ok, S::Error> {
    let common = models.first().map(|model| model.backend);
    let common = common.filter(|engine| models.iter().all(|model| model.backend == *engine));
    let own = |model: &PlannedModel| common.is_none().then_some(model.backend);
    let models = models.iter().map(|model| WithEngine { model, backend: own(model) }).collect();
    Written { backend: common, models }.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PlannedModel>, D::Error> {
    let read = Read::deserialize(deserializer)?;
    let placed = |WithEngine { model, backend }| match backend.or(read.backend) {
        Some(backend) => Ok(PlannedModel { backend, ..model }),
        None => Err(D::Error::missing_field("backend")),
    };
    read.models.into_iter().map(placed).collect()
}

#[cfg(test)]
mod tests {
    use crate::plan::{Plan, PlanInput, tests_support::input};
    use serde_json::{Value, json};
    use slm_protocol::EngineKind;

    #[test]
    fn one_engine_stands_before_the_models_as_it_always_did() {
        let written = serde_json::to_string(&input(2, &[0], 1, 1)).unwrap();
        assert!(
            written.starts_with(
                r#"{"devices":["local"],"backend":"null","models":[{"name":"model-0","weights""#
            )
        );
        assert_eq!(written.matches("backend").count(), 1);
        assert_eq!(serde_json::from_str::<PlanInput>(&written).unwrap(), input(2, &[0], 1, 1));
    }

    #[test]
    fn engines_that_differ_stand_with_their_models() {
        let mut mixed = input(3, &[0], 1, 1);
        mixed.models[0].backend = EngineKind::Llama;
        mixed.models[2].backend = EngineKind::TvmRelaxVm;
        let written = serde_json::to_value(&mixed).unwrap();
        assert_eq!(written.get("backend"), None);
        assert_eq!(written["models"][2]["backend"], json!("tvm-relax-vm"));
        assert_eq!(serde_json::from_value::<PlanInput>(written.clone()).unwrap(), mixed);
        let plan = Plan::new(mixed).unwrap();
        assert_eq!(plan.input.engines(), [EngineKind::Llama, EngineKind::Null, EngineKind::TvmRelaxVm]);

        let mut without: Value = written;
        without["models"][1].as_object_mut().unwrap().remove("backend");
        let error = serde_json::from_value::<PlanInput>(without).unwrap_err().to_string();
        assert!(error.contains("backend"), "{error}");
    }

    #[test]
    fn the_same_models_under_another_engine_are_another_plan() {
        let hash = |engine| {
            let mut input = input(1, &[0], 1, 1);
            input.models[0].backend = engine;
            Plan::new(input).unwrap().hash().unwrap()
        };
        assert_ne!(hash(EngineKind::Llama), hash(EngineKind::TvmRelaxVm));
    }
}
