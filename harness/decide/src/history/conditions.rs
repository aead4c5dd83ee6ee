//! How a cell was measured, from the manifest: whatever may explain that its figures changed.

use serde::Serialize;
use serde_json::Value;
use slm_plan::{ModelSource, PlannedModel, digest::sha256_hex, model_sha256};
use slm_results::{
    manifest::{DeviceRecord, Manifest, PlanWithoutTrials},
    read::{Context, Key},
};
use std::collections::{BTreeMap, BTreeSet};

/// By name the values: one, or those of a list, such as build flags.
pub type Conditions = BTreeMap<String, BTreeSet<String>>;

/// Parts of a plan that do not bear on one cell's figures, or are told otherwise.
const LEFT_OUT: [&str; 8] =
    ["devices", "models", "prompts", "seed", "timeout_ms", "threads", "calibrate_threads", "affinity"];
/// Parts whose fields are conditions themselves. Any other part is one, so that it can be seen to
/// come and go.
const GROUPS: [&str; 2] = ["options", "conditions"];
/// The condition that names `bench` itself.
pub(super) const BENCH: &str = "bench";
/// Characters of a hash that are shown.
const SHORT_HASH: usize = 8;
const GIB: f64 = (1u64 << 30) as f64;

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
        one(&mut plan, BENCH, format!("{} ({})", manifest.tool.version, manifest.tool.commit));
        fields(&mut plan, &json(&manifest.plan.input));
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
        let pinned = record.affinity.as_ref().or(manifest.plan.input.options.affinity.as_ref());
        one(&mut all, "pinned to CPUs", pinned.map_or_else(|| "none".to_owned(), ToString::to_string));
    }
    let is_own = |model: &&PlannedModel| {
        model.name == key.model
            && model.quant == key.quant
            && model.engine.into_str() == key.backend
            && model.weights.to_string() == key.weights
    };
    if let Some(model) = manifest.plan.input.models.iter().find(is_own) {
        fields(&mut all, &json(&model.generation));
        of_model(&mut all, &model.source);
    }
    if let Some(prompts) = settings.prompts.get(&key.context) {
        one(&mut all, &format!("prompts of {}", key.context), prompts.clone());
    }
    all
}

/// What a model is, wherever its files lie.
fn of_model(all: &mut Conditions, source: &ModelSource) {
    let short = |sha256: &str| sha256.chars().take(SHORT_HASH).collect::<String>();
    match source {
        ModelSource::File { sha256, further, .. } => {
            let parts: Vec<&str> = std::iter::once(sha256)
                .chain(further.iter().map(|part| &part.sha256))
                .map(String::as_str)
                .collect();
            one(all, "model file", short(&model_sha256(&parts)));
        }
        ModelSource::Compiled(compiled) => {
            let files: BTreeMap<&str, &str> =
                compiled.files.iter().map(|file| (file.name.as_str(), file.sha256.as_str())).collect();
            one(all, "model file", short_hash(&json(&files)));
            one(all, "model library", short(&compiled.sha256));
            all.insert(
                "engine libraries".into(),
                compiled.runtime_sha256.iter().map(|hash| short(hash)).collect(),
            );
            one(all, "compute device", shown(&json(&compiled.device)));
            for (name, version) in [("TVM", &compiled.tvm), ("MLC-LLM", &compiled.mlc_llm)] {
                if let Some(version) = version {
                    one(all, name, version.clone());
                }
            }
        }
        // Shape, types and seed are all that there is to it.
        ModelSource::Shape { .. } => one(all, "model file", short_hash(&json(source))),
        ModelSource::Nothing | ModelSource::Pending { .. } => {}
    }
}

fn of_device(all: &mut Conditions, record: &DeviceRecord, backend: &str) {
    let agent = &record.agent;
    one(all, "agent", agent.agent_version.clone());
    one(all, "agent build", agent.flavour.clone());
    let machine = &agent.machine;
    one(all, "kernel", machine.kernel.clone());
    one(all, "CPU", machine.cpu.clone());
    one(all, "cores", machine.physical_cores.to_string());
    // A kernel keeps some for itself, a newer one a little more.
    let memory = machine.memory_total as f64 / GIB;
    one(all, "memory", format!("{memory:.*} GiB", usize::from(memory < 2.0)));
    if let Some(cpus) = &machine.cpus {
        one(all, "usable CPUs", cpus.to_string());
    }
    if let Some(engine) = agent.engines.iter().find(|engine| engine.engine.into_str() == backend) {
        one(all, "engine", engine.version.clone());
        all.insert("engine build flags".into(), engine.build_flags.iter().cloned().collect());
        all.insert("engine CPU features".into(), engine.cpu_features.iter().cloned().collect());
    }
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

/// The fields of a part of the plan, all of them, so that none added later is forgotten.
fn fields(all: &mut Conditions, part: &Value) {
    let named = part.as_object().into_iter().flatten();
    for (field, value) in named.filter(|(field, _)| !LEFT_OUT.contains(&field.as_str())) {
        if GROUPS.contains(&field.as_str()) {
            fields(all, value);
        } else {
            one(all, &field.replace('_', " "), shown(value));
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Bool(on) => if *on { "on" } else { "off" }.into(),
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let field =
                |(name, value): (&String, &Value)| format!("{} {}", name.replace('_', " "), shown(value));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
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

#[cfg(test)]
mod tests {
    use super::{super::Change, *};
    use slm_protocol::CoolDown;
    use slm_results::read::Summary;
    use slm_testkit::made::Made;

    /// A sweep's manifest and one of its cells.
    fn measured() -> (Manifest<PlanWithoutTrials>, Key) {
        let folder = tempfile::tempdir().unwrap();
        Made::default().write(folder.path());
        let key = Summary::read(folder.path()).unwrap().cells.remove(0).key;
        (Manifest::read_without_trials(folder.path()).unwrap(), key)
    }

    /// What an alteration changes, in words.
    fn changes(
        alter: impl Fn(&mut Manifest<PlanWithoutTrials>),
        from: impl Fn(&mut Manifest<PlanWithoutTrials>),
    ) -> Vec<String> {
        let (mut before, key) = measured();
        from(&mut before);
        let mut after = before.clone();
        alter(&mut after);
        let of = |manifest: &Manifest<PlanWithoutTrials>| conditions(manifest, &Settings::of(manifest), &key);
        let change = |change: Change| {
            format!("{}: {} -> {}", change.what, change.removed.join(" "), change.added.join(" "))
        };
        Change::between(&of(&before), &of(&after)).into_iter().map(change).collect()
    }

    #[test]
    fn another_machine_is_a_change() {
        let found = changes(
            |manifest| {
                let machine = &mut manifest.devices[0].agent.machine;
                machine.cpu = "another".into();
                machine.physical_cores += 2;
                machine.memory_total = 64 << 30;
            },
            |manifest| {
                let machine = &mut manifest.devices[0].agent.machine;
                (machine.cpu, machine.physical_cores, machine.memory_total) = ("one".into(), 2, 3 << 29);
            },
        );
        assert_eq!(found, ["CPU: one -> another", "cores: 2 -> 4", "memory: 1.5 GiB -> 64 GiB"]);
    }

    #[test]
    fn a_file_that_moved_is_the_same_model() {
        let file = |path: &str, sha256: &str| ModelSource::File {
            path: path.into(),
            sha256: sha256.into(),
            further: Vec::new(),
        };
        let set = |source: ModelSource| {
            move |manifest: &mut Manifest<PlanWithoutTrials>| {
                manifest.plan.input.models[0].source = source.clone();
            }
        };
        assert_eq!(
            changes(set(file("/b/x.gguf", "0123456789")), set(file("/a/x.gguf", "0123456789"))),
            [""; 0]
        );
        assert_eq!(
            changes(set(file("/a/x.gguf", "fedcba9876")), set(file("/a/x.gguf", "0123456789"))),
            ["model file: 01234567 -> fedcba98"]
        );
    }

    #[test]
    fn what_comes_or_goes_is_a_change() {
        let cool_down = |manifest: &mut Manifest<PlanWithoutTrials>| {
            manifest.plan.input.conditions.cool_down = Some(CoolDown { to_c: Some(40.0), timeout_ms: 1000 });
        };
        assert_eq!(changes(cool_down, |_| ()), ["cool down: none -> timeout ms 1000, to c 40.0"]);
        // On this device, or on all.
        let on_it = |manifest: &mut Manifest<PlanWithoutTrials>| {
            manifest.devices[0].affinity = Some("0-1".parse().unwrap());
        };
        let on_all = |manifest: &mut Manifest<PlanWithoutTrials>| {
            manifest.plan.input.options.affinity = Some("0-1".parse().unwrap());
        };
        for pin in [&on_it as &dyn Fn(&mut Manifest<PlanWithoutTrials>), &on_all] {
            assert_eq!(changes(pin, |_| ()), ["pinned to CPUs: none -> 0-1"]);
        }
        assert_eq!(changes(on_it, on_all), [""; 0], "the same CPUs, said in another place");
    }
}
