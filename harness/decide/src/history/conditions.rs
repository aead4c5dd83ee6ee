//! How a cell was measured, from the manifest: whatever may explain that its figures changed.

use serde::Serialize;
use serde_json::Value;
use slm_plan::{PlannedModel, digest::sha256_hex};
use slm_results::{
    manifest::{DeviceRecord, Manifest, PlanWithoutTrials},
    read::{Context, Key},
};
use std::collections::{BTreeMap, BTreeSet};

/// By name the values: one, or those of a list, such as build flags.
pub type Conditions = BTreeMap<String, BTreeSet<String>>;

/// Parts of a plan that do not bear on one cell's figures, or are told otherwise.
const LEFT_OUT: [&str; 7] =
    ["devices", "models", "prompts", "seed", "timeout_ms", "threads", "calibrate_threads"];
/// Characters of a hash that are shown.
const SHORT_HASH: usize = 8;

/// What holds for all cells of a sweep, or for all of one context.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    plan: Conditions,
    /// A hash of the prompts.
    prompts: BTreeMap<Context, String>,
}

impl Settings {
    /// Of a sweep.
    pub(super) fn of(manifest: &Manifest<PlanWithoutTrials>) -> Self {
        let mut plan = Conditions::new();
        one(&mut plan, "bench", format!("{} ({})", manifest.tool.version, manifest.tool.commit));
        flatten(&mut plan, "", &json(&manifest.plan.input));
        let mut contents: BTreeMap<Context, Vec<Value>> = BTreeMap::new();
        for prompt in &manifest.plan.input.prompts {
            contents.entry(prompt.context).or_default().push(json(&prompt.content));
        }
        let prompts =
            contents.into_iter().map(|(context, all)| (context, short_hash(&Value::Array(all)))).collect();
        Self { plan, prompts }
    }
}

/// The conditions of a cell.
pub(super) fn conditions(
    manifest: &Manifest<PlanWithoutTrials>,
    settings: &Settings,
    key: &Key,
) -> Conditions {
    let mut all = settings.plan.clone();
    if let Some(record) = manifest.devices.iter().find(|record| record.name == key.device) {
        of_device(&mut all, record, &key.backend);
    }
    let is_own = |model: &&PlannedModel| {
        model.name == key.model && model.quant == key.quant && model.engine.into_str() == key.backend
    };
    if let Some(model) = manifest.plan.input.models.iter().find(is_own) {
        flatten(&mut all, "", &json(&model.generation));
        one(&mut all, "model file", short_hash(&json(&model.source)));
    }
    if let Some(prompts) = settings.prompts.get(&key.context) {
        one(&mut all, "prompts", prompts.clone());
    }
    all
}

fn of_device(all: &mut Conditions, record: &DeviceRecord, backend: &str) {
    let agent = &record.agent;
    one(all, "agent", agent.agent_version.clone());
    one(all, "agent build", agent.flavour.clone());
    one(all, "kernel", agent.machine.kernel.clone());
    if let Some(engine) = agent.engines.iter().find(|engine| engine.engine.into_str() == backend) {
        one(all, "engine", engine.version.clone());
        all.insert("engine build flags".into(), engine.build_flags.iter().cloned().collect());
        all.insert("engine CPU features".into(), engine.cpu_features.iter().cloned().collect());
    }
    let cpus = record.affinity.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string);
    one(all, "CPUs", cpus);
    if let Some(condition) = &record.condition {
        for (name, value) in condition.identity.iter() {
            one(all, &name.replace('_', " "), shown(value));
        }
        all.insert("changed settings".into(), condition.changed.iter().cloned().collect());
    }
}

fn one(all: &mut Conditions, what: &str, value: String) {
    all.insert(what.to_owned(), BTreeSet::from([value]));
}

/// The fields of a part of the plan, nested ones too, so that none added later is forgotten.
fn flatten(all: &mut Conditions, name: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields.iter().filter(|(field, _)| !LEFT_OUT.contains(&field.as_str())) {
                flatten(all, &field.replace('_', " "), value);
            }
        }
        value => one(all, name, shown(value)),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Bool(on) => if *on { "on" } else { "off" }.into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A part of the manifest as JSON; it came from JSON.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn short_hash(value: &Value) -> String {
    sha256_hex(value.to_string().as_bytes())[..SHORT_HASH].to_owned()
}
