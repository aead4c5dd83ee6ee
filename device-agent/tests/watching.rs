//! What the agent watches and waits for, against a planted `/sys` and `/proc`: the real
//! binary, jobs in, events out.
#![allow(clippy::unwrap_used)] // helpers of tests, outside of test functions

use serde_json::{Value, json};
use slm_models::{MakeOptions, Shape, make};
use slm_protocol::{Envelope, Event, EventReader, Sample, VERSION};
use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

/// A machine whose kernel files are ours.
struct Planted {
    folder: tempfile::TempDir,
}

impl Planted {
    fn new() -> Self {
        let planted = Self { folder: tempfile::tempdir().unwrap() };
        for (cpu, max) in [(0, "1950000"), (1, "2900000")] {
            let folder = format!("sys/devices/system/cpu/cpu{cpu}/cpufreq");
            planted.put(&format!("{folder}/related_cpus"), &cpu.to_string());
            planted.put(&format!("{folder}/cpuinfo_max_freq"), max);
            planted.put(&format!("{folder}/scaling_cur_freq"), max);
            planted.put(&format!("{folder}/stats/time_in_state"), &format!("300000 5000\n{max} 100"));
        }
        planted.put("sys/class/thermal/thermal_zone0/type", "cpu-0-0-usr");
        planted.put("sys/class/thermal/thermal_zone0/temp", "34200");
        planted.put("sys/class/thermal/thermal_zone1/type", "modem");
        planted.put("sys/class/thermal/thermal_zone1/temp", "90000");
        for (file, text) in [
            ("type", "Battery"),
            ("status", "Discharging"),
            ("current_now", "-812"),
            ("voltage_now", "3912000"),
            ("temp", "305"),
            ("capacity", "80"),
        ] {
            planted.put(&format!("sys/class/power_supply/battery/{file}"), text);
        }
        planted.put("proc/loadavg", "0.25 0.5 0.75 1/300 4242");
        planted
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{text}\n")).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slm-agent"));
        command.args(words).env("SLM_AGENT_ROOT", self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// A job as JSON. `options` and `more` replace members of its options and of the job itself.
fn job(engine: &str, path: &Path, options: &str, tokens: u32, trials: usize, more: &str) -> String {
    let trial = |n| json!({"trial_id": format!("t{n}"), "prompt": 0, "warmup": false});
    let mut job = json!({
        "protocol": VERSION, "engine": engine, "model": {"name": "m", "path": path},
        "options": {"flash_attention": "auto", "load": "mmap", "calibrate_threads": false, "repack": true},
        "generation": {"max_new_tokens": tokens, "stop": "fixed-length", "chat_template": true},
        "prompts": [{"id": "p", "content": {"kind": "text", "text": "hello"}}],
        "trials": (0..trials).map(trial).collect::<Vec<_>>(),
        "trial_timeout_ms": 60_000, "load_timeout_ms": 0, "gap_ms": 0, "telemetry_ms": 0,
    });
    replace(&mut job["options"], options);
    replace(&mut job, more);
    job.to_string()
}

/// Sets the members that `text` lists.
fn replace(object: &mut Value, text: &str) {
    let members: Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
}

fn output(mut command: Command, job: &str) -> Output {
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(job.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn run(command: Command, job: &str) -> Vec<Envelope> {
    let output = output(command, job);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut reader = EventReader::new(output.stdout.as_slice());
    std::iter::from_fn(|| reader.next_event().unwrap()).collect()
}

fn samples(events: &[Envelope]) -> Vec<&Sample> {
    events.iter().filter_map(|e| if let Event::Telemetry(s) = &e.event { Some(s) } else { None }).collect()
}

fn ready(events: &[Envelope]) -> &slm_protocol::Ready {
    events.iter().find_map(|e| if let Event::Ready(ready) = &e.event { Some(ready) } else { None }).unwrap()
}

fn model(shape: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    make(&Shape::parse_free(shape).unwrap(), &MakeOptions::default(), &path, &mut |_, _| {}).unwrap();
    (folder, path)
}

#[test]
fn planted_sensors_are_read_before_within_and_after_a_trial() {
    let planted = Planted::new();
    let (_folder, path) = model("arch=llama,layers=6,d_model=256,heads=4,vocab=2000,context=1024");
    let job = job("llama.cpp", &path, r#""threads":1"#, 600, 1, r#""telemetry_ms":20"#);
    let events = run(planted.command(&["run"]), &job);
    let samples = samples(&events);
    let of = |sensor: &str| samples.iter().filter(|s| s.sensor == sensor).collect::<Vec<_>>();
    let within = of("battery-current").len() - 2;
    assert!(within >= 2, "{within} readings within the trial");
    for (sensor, value, unit) in [
        ("battery-current", -812.0, "mA"),
        ("battery-voltage", 3.912, "V"),
        ("battery-temperature", 30.5, "C"),
        ("battery-status", 3.0, "code"),
        ("thermal-cpu-0-0-usr", 34.2, "C"),
        ("cpu1-frequency", 2900.0, "MHz"),
        ("load-average", 0.25, "1"),
    ] {
        let all = of(sensor);
        assert_eq!(all.len(), within + 2, "{sensor}");
        assert!(all.iter().all(|s| (s.value - value).abs() < 1e-9 && s.unit == unit), "{sensor}: {all:?}");
    }
    assert_eq!(of("pss").len(), 2, "the proportional set is dear, and read around the trial only");
    assert!(of("cpu1-residency").is_empty(), "counters that stand still give no mean");
    // Nothing is written within the trial: its readings come after it, in the order of their times.
    let started = events.iter().position(|e| matches!(e.event, Event::TrialStarted { .. })).unwrap();
    let first = events.iter().position(|e| matches!(e.event, Event::Telemetry(_))).unwrap();
    let live = |e: &Envelope| matches!(e.event, Event::Progress(_) | Event::Heartbeat);
    assert!(events[started + 1..first].iter().all(live));
    assert!(samples.iter().map(|s| s.unix_ns).is_sorted());
    let Event::Hello(facts) = &events[0].event else { panic!("no hello") };
    let clusters: Vec<String> =
        facts.machine.clusters.iter().map(|c| format!("{} {}", c.cpus, c.max_khz)).collect();
    assert_eq!(clusters, ["0 1950000", "1 2900000"]);
    assert_eq!(facts.machine.temperature_c, Some(34.2));
}

#[test]
fn an_interval_of_zero_reads_before_and_after_only() {
    let planted = Planted::new();
    let events = run(planted.command(&["run"]), &job("null", Path::new(""), r#""threads":1"#, 40, 3, ""));
    assert_eq!(samples(&events).iter().filter(|s| s.sensor == "battery-level").count(), 6);
}

#[test]
fn androids_services_are_asked_where_they_are() {
    let planted = Planted::new();
    let dumpsys = planted.path("bin/dumpsys");
    planted.put(
        "bin/dumpsys",
        "#!/bin/sh\ncase $1 in\nthermalservice) printf 'Thermal Status: 3\\nCached temperatures:\\n\
         \\tTemperature{mValue=44.5, mType=3, mName=SKIN, mStatus=3}\\n';;\nbattery) echo '  USB powered: true';;\nesac",
    );
    fs::set_permissions(&dumpsys, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = planted.command(&["run"]);
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", dumpsys.parent().unwrap().display()));
    let events = run(command, &job("null", Path::new(""), r#""threads":1"#, 4, 1, ""));
    let samples = samples(&events);
    let values =
        |sensor: &str| samples.iter().filter(|s| s.sensor == sensor).map(|s| s.value).collect::<Vec<_>>();
    assert_eq!(values("thermal-status"), [3.0, 3.0]);
    assert_eq!(values("thermalservice-SKIN"), [44.5, 44.5]);
    assert_eq!(values("battery-plugged"), [1.0, 1.0]);
    assert_eq!(values("battery-level"), [80.0, 80.0], "once from the kernel, not twice");
}

#[test]
fn a_hot_zone_delays_each_trial_until_the_time_out_and_that_is_reported() {
    let planted = Planted::new();
    let gate = r#""cool_down":{"to_c":30.0,"timeout_ms":300}"#;
    let events = run(planted.command(&["run"]), &job("null", Path::new(""), r#""threads":1"#, 4, 2, gate));
    let waits: Vec<_> = events
        .iter()
        .filter_map(|e| if let Event::CoolDown(r) = &e.event { Some(r) } else { None })
        .collect();
    assert_eq!(waits.iter().map(|r| r.trial_id.as_str()).collect::<Vec<_>>(), ["t0", "t1"]);
    for wait in waits {
        assert!(!wait.reached && wait.waited_ms >= 300 && wait.sensor == "thermal-cpu-0-0-usr", "{wait:?}");
        assert_eq!((wait.from_c, wait.limit_c), (34.2, 30.0), "the modem's 90 degrees do not count");
    }
    let start_level = r#""cool_down":{"to_c":null,"timeout_ms":60000}"#;
    let events =
        run(planted.command(&["run"]), &job("null", Path::new(""), r#""threads":1"#, 4, 2, start_level));
    assert!(!events.iter().any(|e| matches!(e.event, Event::CoolDown(_))), "a cool device waits for nothing");
}

#[test]
fn without_sensors_the_gate_is_open_and_says_so() {
    let empty = Planted { folder: tempfile::tempdir().unwrap() };
    let gate = r#""cool_down":{"to_c":30.0,"timeout_ms":60000}"#;
    let events = run(empty.command(&["run"]), &job("null", Path::new(""), r#""threads":1"#, 4, 1, gate));
    assert!(ready(&events).notes.iter().any(|note| note.contains("no cool-down gate")));
}

#[test]
fn the_heart_beats_while_the_agent_waits_and_stops_with_the_last_event() {
    let planted = Planted::new();
    let journal = planted.path("journal.jsonl");
    let gate = r#""cool_down":{"to_c":30.0,"timeout_ms":2600}"#;
    let command = planted.command(&["run", "--journal", journal.to_str().unwrap()]);
    let events = run(command, &job("null", Path::new(""), r#""threads":1"#, 4, 1, gate));
    let beats = events.iter().filter(|e| matches!(e.event, Event::Heartbeat)).count();
    assert!((2..=4).contains(&beats), "{beats} beats in 2.8 s");
    assert!(matches!(events.last().unwrap().event, Event::Done { .. }));
    assert!(events.iter().map(|e| e.at_ns).is_sorted(), "one sequence, in the order of time");
    assert_eq!(fs::read_to_string(journal).unwrap().lines().count(), events.len());
}

#[test]
fn affinity_is_obeyed_by_the_compute_threads_and_reported() {
    let Some(cpu) = allowed().last().copied() else { return };
    let (_folder, path) = model("arch=llama,layers=2,d_model=64,heads=2,vocab=2000,context=512");
    let options = format!(r#""threads":1,"affinity":"{cpu}""#);
    let planted = Planted::new();
    let events = run(planted.command(&["run"]), &job("llama.cpp", &path, &options, 8, 1, ""));
    assert_eq!(ready(&events).options.affinity.as_ref().map(ToString::to_string), Some(cpu.to_string()));
    let nowhere = job("null", Path::new(""), r#""threads":1,"affinity":"1000""#, 8, 1, "");
    let refused = output(planted.command(&["run"]), &nowhere);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("CPUs 1000 cannot be used"));
}

/// CPUs that this process may use.
fn allowed() -> Vec<usize> {
    let set = rustix::thread::sched_getaffinity(None).unwrap();
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
}

#[test]
fn a_calibration_tries_every_count_and_trials_run_with_the_chosen_one() {
    let (_folder, path) = model("arch=llama,layers=4,d_model=256,heads=4,vocab=2000,context=512");
    let planted = Planted::new();
    let start = Instant::now();
    let asked = job("llama.cpp", &path, r#""calibrate_threads":true"#, 30, 2, "");
    let events = run(planted.command(&["run"]), &asked);
    let ready = ready(&events);
    let calibration = ready.calibration.as_ref().unwrap();
    let tried: Vec<u32> = calibration.steps.iter().map(|step| step.threads).collect();
    assert!(tried.first() == Some(&1) && tried.contains(&calibration.threads), "{calibration:?}");
    assert_eq!(ready.options.threads, calibration.threads);
    assert!(calibration.steps.iter().all(|step| step.steps >= 5 && step.median_ns > 0));
    assert!(calibration.took_ns > 0 && start.elapsed() < Duration::from_mins(1));
    let finished = events.iter().filter(|e| matches!(e.event, Event::TrialFinished(_))).count();
    assert_eq!(finished, 2);
    let both = job("null", Path::new(""), r#""threads":2,"calibrate_threads":true"#, 8, 1, "");
    assert_eq!(output(planted.command(&["run"]), &both).status.code(), Some(2));
}
