//! Several devices in one sweep: real agents with the null engine, each behind a
//! device of its own name, one of which may go away.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use slm_device::{AgentRun, Claim, Device, Local, RunName, StagedModel, StartError};
use slm_plan::{
    Capabilities, Plan, PlannedModel,
    error::{Error, Result},
    interrupt::Interrupt,
    request::ContextLengths,
};
use slm_protocol::{AgentFacts, Failure, Job};
use slm_provision::StageError;
use slm_report::sweep_table::sweep_tables;
use slm_results::{manifest::DeviceRecord, schema::TrialRow};
use slm_sweep::{
    fleet::{DeviceEnd, Fleet, Member},
    store::{Store, SweepEvent},
};
use slm_testkit::{
    made::manifest,
    plan::{input, model},
    results::{Results, Row},
    sandbox::{Sandbox, agent},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// This machine under another name. It is unplugged after so many agents.
struct Named {
    name: &'static str,
    local: Local,
    agents_left: AtomicU32,
}

impl Named {
    fn member(name: &'static str, agents: u32) -> Member {
        let local = Local::with_agent(agent(), Arc::new(|_, _| {})).unwrap();
        Member {
            device: Box::new(Self { name, local, agents_left: agents.into() }),
            threads: None,
            affinity: None,
        }
    }
}

impl Device for Named {
    fn name(&self) -> &str {
        self.name
    }

    fn hello(&self) -> Result<AgentFacts> {
        self.local.hello()
    }

    fn claim(&self, _sweep: &str) -> Result<Claim> {
        Ok(Claim::new(|| ()))
    }

    fn capabilities(&self) -> Capabilities {
        self.local.capabilities()
    }

    fn stage_model(&self, model: &PlannedModel) -> std::result::Result<StagedModel, StageError> {
        self.local.stage_model(model)
    }

    fn start(&self, name: RunName<'_>, job: &Job) -> std::result::Result<Box<dyn AgentRun>, StartError> {
        let one_less = |left: u32| left.checked_sub(1);
        if self.agents_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err() {
            let message = format!("{} was unplugged", self.name);
            return Err(StartError::Failed(StageError { failure: Failure::DeviceLost, message }));
        }
        self.local.start(name, job)
    }
}

fn plan(devices: &[&str], lengths: &ContextLengths) -> Plan {
    let models = vec![model("first", 1_000_000), model("second", 2_000_000)];
    let mut input = input(models, lengths);
    input.devices = devices.iter().map(|&name| name.to_owned()).collect();
    input.options.threads = None;
    input.repetitions = 2;
    Plan::new(input).unwrap()
}

/// The folder `out` of a sandbox, for the members' devices.
fn store(sandbox: &Sandbox, plan: &Plan, members: &[Member]) -> Store {
    let record = |member: &Member| DeviceRecord {
        name: member.device.name().into(),
        agent: member.device.hello().unwrap(),
        threads: member.threads,
        affinity: member.affinity.clone(),
        condition: None,
    };
    let manifest = manifest(plan, members.iter().map(record).collect());
    Store::create(&sandbox.path("out"), &manifest).unwrap()
}

fn run(plan: &Plan, members: &[Member], store: &mut Store) -> Vec<DeviceEnd> {
    let interrupt = Interrupt::default();
    Fleet { plan, sweep: "fleet", members, interrupt: &interrupt }.run(store, &mut |_, _| {}).unwrap()
}

/// Every trial has one row on every device, and its tokens, and one report.
fn check_complete(results: &Results, plan: &Plan) {
    let all: BTreeSet<(String, String)> = plan
        .input
        .devices
        .iter()
        .flat_map(|device| plan.trials.iter().map(|trial| (device.clone(), trial.id.clone())))
        .collect();
    let of = |row: &Row| (row.get("device").to_owned(), row.get("trial_id").to_owned());
    let trials = results.trials();
    assert_eq!(trials.len(), all.len());
    assert_eq!(trials.iter().map(of).collect::<BTreeSet<_>>(), all);
    assert!(trials.iter().all(Row::is_completed));
    let mut tokens: BTreeMap<_, Vec<Row>> = BTreeMap::new();
    for row in results.csv("tokens.csv") {
        tokens.entry(of(&row)).or_default().push(row);
    }
    for trial in &trials {
        let own = &tokens[&of(trial)];
        assert!(own.iter().enumerate().all(|(index, row)| row.get("index") == index.to_string()));
        let sum: f64 = own.iter().filter_map(|row| row.number("latency_ms")).sum();
        let runtime = 1e3 * trial.number("runtime_s").unwrap();
        assert!((sum - runtime).abs() < 1e-3, "{sum} ms of tokens, {runtime} ms of runtime: {trial:?}");
    }
    assert!(
        results.csv("telemetry.csv").iter().all(|row| plan.input.devices.contains(&row.get("device").into()))
    );
    // `events` checks that they are numbered without gaps.
    let mut reported = BTreeSet::new();
    for event in results.events() {
        let event = &event["event"];
        if event["type"] == "trial-finished" {
            let id = event["report"]["trial_id"].as_str().unwrap().to_owned();
            let planned = !id.starts_with("rewarm-");
            let is_new = reported.insert((event["device"].as_str().unwrap().to_owned(), id));
            assert!(is_new || !planned, "measured twice: {event}");
        }
    }
    assert!(reported.is_superset(&all));
}

#[test]
fn two_devices_measure_at_once_into_one_folder() {
    let sandbox = Sandbox::new();
    let plan = plan(&["one", "two"], &ContextLengths::Chunks(vec![0, 1]));
    let mut members = [Named::member("one", 99), Named::member("two", 99)];
    members[1].threads = Some(1);
    let mut store = store(&sandbox, &plan, &members);
    let parts = run(&plan, &members, &mut store);
    assert!(parts.iter().all(|part| matches!(part, DeviceEnd::Complete)), "{parts:?}");
    let tables = sweep_tables(&plan, &store.tables().summary().collect::<Vec<_>>(), &[]);
    drop(store);
    let results = Results::of(&sandbox);
    check_complete(&results, &plan);
    let summary = results.csv("summary.csv");
    assert_eq!(summary.len(), 2 * 2 * 2);
    assert!(summary.iter().all(|row| row.get("n_completed") == row.get("n_planned")), "{summary:?}");
    assert!(tables.contains("\none (") && tables.contains("\ntwo ("), "{tables}");

    let report = sandbox.bench(&["report", "out", "--out", "report"]);
    assert_eq!(report.code, Some(0), "{report:?}");
    assert!(report.stdout.contains("On one: ") && report.stdout.contains("On two: "), "{report:?}");
    let same = sandbox.bench(&["compare", "out", "out"]);
    assert!(same.code == Some(0) && !same.stdout.contains("devices differ"), "{same:?}");
    let spot = sandbox.bench(&["sweet-spot", "out", "--max-ttft", "10s"]);
    assert!(spot.code == Some(0) && spot.stdout.contains("one") && spot.stdout.contains("two"), "{spot:?}");
}

#[test]
fn a_device_that_is_lost_stops_no_other_and_is_resumed() {
    let sandbox = Sandbox::new();
    let plan = plan(&["one", "two"], &ContextLengths::Tokens(vec![20, 60]));
    // It is gone when its second model is to be loaded.
    let members = [Named::member("one", 1), Named::member("two", 99)];
    let mut first = store(&sandbox, &plan, &members);
    let parts = run(&plan, &members, &mut first);
    assert!(matches!(&parts[..], [DeviceEnd::Lost(Error::Device(_)), DeviceEnd::Complete]), "{parts:?}");
    // Rows of a lost device say so, and hold until the sweep is resumed.
    let lost = |row: &&TrialRow| row.failure == Some(Failure::DeviceLost);
    assert_eq!(first.tables().rows().filter(lost).count(), plan.trials.len() / 2);
    drop(first);
    let results = Results::of(&sandbox);
    let lost = results.events().into_iter().find(|event| event["event"]["type"] == "device-lost").unwrap();
    assert_eq!(lost["event"]["reason"], "one was unplugged");
    let not_run = |row: &Row| row.get("n_completed") == "0" && row.get("prompt_tokens") == "60";
    assert!(results.csv("summary.csv").iter().any(not_run));

    // These devices are known to this test alone: as if both were unplugged.
    let resumed = sandbox.resume();
    assert_eq!((resumed.code, resumed.stderr.lines().count()), (Some(2), 1), "{resumed:?}");
    assert!(resumed.stderr.contains("'one'") && !resumed.stderr.contains("'two'"), "{resumed:?}");

    let (mut again, manifest) = Store::resume(&sandbox.path("out")).unwrap();
    let (left, rest) = (again.tables().remaining("one"), again.tables().remaining("two"));
    assert_eq!((left.len(), rest.len()), (plan.trials.len() / 2, 0));
    let members = [Named::member("one", 99), Named::member("two", 0)];
    let parts = run(&manifest.plan, &members, &mut again);
    assert!(parts.iter().all(|part| matches!(part, DeviceEnd::Complete)), "{parts:?}");
    drop(again);
    check_complete(&results, &plan);
}

#[test]
fn what_cannot_be_recorded_stops_the_sweep_on_all_devices() {
    let sandbox = Sandbox::new();
    let plan = plan(&["one", "two"], &ContextLengths::Chunks(vec![0]));
    let members = [Named::member("one", 99), Named::member("two", 99)];
    let mut store = store(&sandbox, &plan, &members);
    // summary.csv is replaced after every trial: a folder in its place cannot be.
    std::fs::remove_file(sandbox.path("out/summary.csv")).unwrap();
    std::fs::create_dir(sandbox.path("out/summary.csv")).unwrap();
    let interrupt = Interrupt::default();
    let fleet = Fleet { plan: &plan, sweep: "fleet", members: &members, interrupt: &interrupt };
    let mut seen = Vec::new();
    let error = fleet.run(&mut store, &mut |_, event: &SweepEvent| seen.push(event.clone())).unwrap_err();
    assert!(matches!(&error, Error::Internal(text) if text.contains("summary.csv")), "{error}");
    assert!(interrupt.is_set());
    // Warm-ups are not summarized.
    let is_measured = |id: &str| plan.trials.iter().any(|trial| trial.id == id && !trial.warmup);
    let is_trial = |event: &&SweepEvent| matches!(event, SweepEvent::TrialFinished { report, .. } if is_measured(&report.trial_id));
    assert_eq!(seen.iter().filter(is_trial).count(), 0, "nothing is shown that is not recorded");
}
