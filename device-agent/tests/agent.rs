//! The agent as its host sees it: the real binary, jobs in, events out.
#![allow(clippy::unwrap_used)] // helpers of tests, outside of test functions

use slm_models::{MakeOptions, Shape, make};
use slm_protocol::{
    EngineKind, EngineOptions, Envelope, Event, EventReader, Failure, FlashAttention, Generation, Job,
    LoadMode, ModelFile, Probe, ProbeMoment, Prompt, PromptContent, Ready, StopReason, StopRule, TrialOrder,
    TrialOutcome, TrialReport, VERSION,
};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

/// A model that is quick to make and to run.
static TINY: LazyLock<(tempfile::TempDir, PathBuf)> =
    LazyLock::new(|| model("arch=llama,layers=2,d_model=64,heads=2,vocab=2000,context=1024"));
/// A model slow enough to be caught in the middle of a trial.
static SLOW: LazyLock<(tempfile::TempDir, PathBuf)> =
    LazyLock::new(|| model("arch=mpt,layers=12,d_model=768,heads=12,vocab=8000,context=4096"));

fn model(shape: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    make(&Shape::parse_free(shape).unwrap(), &MakeOptions::default(), &path, &mut |_, _| {}).unwrap();
    (folder, path)
}

fn job(engine: EngineKind, path: &Path, prompts: Vec<PromptContent>, max_new_tokens: u32) -> Job {
    let trials = (0..prompts.len())
        .map(|prompt| TrialOrder { trial_id: format!("t{prompt}"), prompt, warmup: prompt == 0 })
        .collect();
    Job {
        protocol: VERSION,
        engine,
        model: ModelFile { name: "model".to_owned(), path: path.display().to_string(), compiled: None },
        options: EngineOptions {
            threads: Some(1),
            flash_attention: FlashAttention::Auto,
            n_ctx: None,
            n_ubatch: None,
            load: LoadMode::Mmap,
            affinity: None,
            calibrate_threads: false,
            repack: true,
        },
        generation: Generation {
            max_new_tokens,
            stop: StopRule::FixedLength,
            chat_template: true,
            template: None,
            system: None,
        },
        prompts: prompts
            .into_iter()
            .enumerate()
            .map(|(index, content)| Prompt { id: format!("p{index}"), content })
            .collect(),
        trials,
        trial_timeout_ms: 60_000,
        load_timeout_ms: 60_000,
        gap_ms: 0,
        telemetry_ms: 1000,
        cool_down: None,
    }
}

fn text(text: &str) -> PromptContent {
    PromptContent::Text { text: text.to_owned() }
}

fn exact(tokens: u32) -> PromptContent {
    PromptContent::Exact {
        source: "All tenants pay their rent on the first of the month. ".to_owned(),
        tokens,
    }
}

fn start(arguments: &[&str], job: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_slm-agent"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // An agent that refuses its arguments does not read the job.
    let _ = stdin.write_all(job.as_bytes());
    child
}

fn run(job: &Job) -> Output {
    start(&["run"], &serde_json::to_string(job).unwrap()).wait_with_output().unwrap()
}

fn events(bytes: &[u8]) -> Vec<Envelope> {
    let mut reader = EventReader::new(bytes);
    std::iter::from_fn(|| reader.next_event().unwrap()).collect()
}

/// All events of a run that must end well.
fn done(job: &Job) -> Vec<Envelope> {
    let output = run(job);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let events = events(&output.stdout);
    assert!(matches!(events.first().unwrap().event, Event::Hello(_)));
    assert_eq!(events.last().unwrap().event, Event::Done { trials: job.trials.len() as u64 });
    events
}

fn ready(events: &[Envelope]) -> &Ready {
    events.iter().find_map(|e| if let Event::Ready(ready) = &e.event { Some(ready) } else { None }).unwrap()
}

fn reports(events: &[Envelope]) -> Vec<&TrialReport> {
    events
        .iter()
        .filter_map(
            |e| if let Event::TrialFinished(report) = &e.event { Some(report.as_ref()) } else { None },
        )
        .collect()
}

fn failure(report: &TrialReport) -> Option<Failure> {
    match report.outcome {
        TrialOutcome::Completed => None,
        TrialOutcome::Failed { failure, .. } => Some(failure),
    }
}

/// What must hold of every completed trial, whatever the engine.
fn check_identities(report: &TrialReport, max_new_tokens: u32) {
    assert_eq!(report.outcome, TrialOutcome::Completed);
    assert_eq!(report.n_in, report.n_evaluated);
    let output = report.output.as_ref().unwrap();
    let times = &report.times;
    assert_eq!(output.stop, StopReason::Length);
    assert_eq!((output.n_out, times.tokens_ns.len()), (max_new_tokens, max_new_tokens as usize));
    assert_eq!(output.logits_finite, Some(true));
    let mut all = vec![times.request_ns, times.tokenized_ns, times.prefill_start_ns, times.prefill_end_ns];
    all.extend(times.tokens_ns.iter().copied().map(Some));
    all.push(times.end_ns);
    let all: Option<Vec<u64>> = all.into_iter().collect();
    assert!(all.unwrap().is_sorted(), "{times:?}");
    assert!(report.rss_after_prefill > Some(0) && report.at_end.rss > Some(0));
    assert!(report.contention.other_cpu_s.is_none_or(|s| s >= 0.0));
}

#[test]
fn hello_and_version_say_who_the_agent_is() {
    let hello = start(&["hello"], "").wait_with_output().unwrap();
    assert!(hello.status.success());
    let events = events(&hello.stdout);
    let [Envelope { event: Event::Hello(facts), .. }] = events.as_slice() else { panic!("{events:?}") };
    let engines: Vec<EngineKind> = facts.engines.iter().map(|engine| engine.engine).collect();
    let mut expected = vec![EngineKind::Llama, EngineKind::Null];
    if cfg!(feature = "mlc") {
        expected.extend([EngineKind::TvmRelaxVm, EngineKind::MlcLlm]);
    }
    assert_eq!(engines, expected);
    assert!(!facts.engines[0].cpu_features.is_empty() && facts.engines[0].version.contains("ggml"));
    let version = start(&["--version"], "").wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&version.stdout).contains(&facts.flavour));
}

#[test]
fn the_null_engine_runs_a_job_and_repeats_its_output() {
    let job = job(EngineKind::Null, Path::new(""), vec![text("What?"), exact(50), exact(50)], 400);
    let events = done(&job);
    let reports = reports(&events);
    for report in &reports {
        check_identities(report, 400);
    }
    assert_eq!(reports[1].n_in, Some(50));
    assert_eq!(reports[1].output, reports[2].output);
    assert!(reports[0].after_prefill.is_some() && reports[1].after_prefill.is_none());
    assert_eq!(ready(&events).devices, ["null"]);
}

#[test]
fn llama_runs_a_job_and_proves_what_ran() {
    let job = job(
        EngineKind::Llama,
        &TINY.1,
        vec![text("A short question?"), exact(200), exact(1), exact(200)],
        20,
    );
    let events = done(&job);
    let reports = reports(&events);
    for report in &reports {
        check_identities(report, 20);
    }
    assert_eq!((reports[1].n_in, reports[2].n_in), (Some(200), Some(1)));
    assert_eq!(
        reports[1].output.as_ref().map(|output| &output.tokens_sha256),
        reports[3].output.as_ref().map(|output| &output.tokens_sha256),
        "a reset leaves nothing behind"
    );
    let ready = ready(&events);
    assert_eq!(ready.devices, ["CPU"]);
    assert_eq!((ready.options.threads, ready.options.n_ctx, ready.options.n_batch), (1, 256, 256));
    assert_eq!(ready.options.flash_attention, Some(true));
    assert!(
        ready.buffers.model > Some(0) && ready.buffers.kv_cache > Some(0) && ready.buffers.compute > Some(0)
    );
    assert_eq!(ready.load.file_bytes, fs::metadata(&TINY.1).unwrap().len());
    assert_eq!((ready.model.architecture.as_str(), ready.model.n_ctx_train), ("llama", 1024));
    assert!(ready.model.decode_bytes.is_some_and(|bytes| bytes > 0 && bytes <= ready.model.size));
    assert!(ready.memory_bandwidth > Some(1e8));
    assert!(ready.model.prefill_params.is_some_and(|params| params > 0 && params < ready.model.n_params));
    assert!(ready.engine_log.iter().any(|line| line.contains("KV buffer size")));
    assert!(ready.prompts.iter().all(|prompt| prompt.unsupported.is_none() && !prompt.templated));
}

#[test]
fn the_device_is_probed_around_the_trials_and_another_clock_goes_with_them() {
    let events = done(&job(EngineKind::Llama, &TINY.1, vec![exact(30)], 8));
    let at = |wanted: fn(&Event) -> bool| events.iter().position(|e| wanted(&e.event)).unwrap();
    let probes: Vec<(usize, &Probe)> = events
        .iter()
        .enumerate()
        .filter_map(|(index, e)| if let Event::Probe(probe) = &e.event { Some((index, probe)) } else { None })
        .collect();
    let [(first, start), (last, end)] = probes[..] else { panic!("two probes: {probes:?}") };
    assert_eq!((start.moment, end.moment), (ProbeMoment::Start, ProbeMoment::End));
    assert!(
        at(|e| matches!(e, Event::Ready(_))) < first
            && first < at(|e| matches!(e, Event::TrialStarted { .. }))
    );
    assert!(last > events.iter().rposition(|e| matches!(e.event, Event::TrialFinished(_))).unwrap());
    for probe in [start, end] {
        assert!(probe.threads == 1 && probe.kernel == start.kernel && probe.took_ns > 50_000_000);
        assert!(probe.ops_per_s > 1e8 && probe.bytes_per_s > Some(1e8), "{probe:?}");
        assert!(probe.peak_ops_per_s.is_none_or(|peak| peak >= probe.ops_per_s), "{probe:?}");
    }
    for report in reports(&events) {
        let span = report.times.end_ns.unwrap() - report.times.request_ns.unwrap();
        let elapsed = report.elapsed_ns.unwrap();
        assert!(elapsed >= span && elapsed < span + 500_000_000, "{elapsed} ns around {span}");
    }
    let null = done(&job(EngineKind::Null, Path::new(""), vec![exact(30)], 8));
    assert!(!null.iter().any(|e| matches!(e.event, Event::Probe(_))), "it computes nothing");
}

#[test]
fn options_are_obeyed_and_reading_the_file_gives_what_mapping_gives() {
    let mut asked = job(EngineKind::Llama, &TINY.1, vec![exact(300)], 8);
    let mapped = done(&asked);
    asked.options.flash_attention = FlashAttention::Off;
    asked.options.n_ctx = Some(512);
    asked.options.n_ubatch = Some(64);
    asked.options.load = LoadMode::Read;
    let read = done(&asked);
    let options = &ready(&read).options;
    assert_eq!((options.flash_attention, options.n_ctx, options.n_ubatch), (Some(false), 512, 64));
    assert_eq!(ready(&mapped).prompts, ready(&read).prompts);
    check_identities(reports(&read)[0], 8);
}

#[test]
fn a_prompt_that_does_not_fit_fails_alone() {
    let job = job(EngineKind::Llama, &TINY.1, vec![exact(1020), exact(30), text(&"word ".repeat(2000))], 8);
    let events = done(&job);
    let outcomes: Vec<Option<Failure>> = reports(&events).into_iter().map(failure).collect();
    assert_eq!(outcomes, [Some(Failure::Unsupported), None, Some(Failure::Unsupported)]);
    assert!(ready(&events).prompts[0].unsupported.as_ref().unwrap().contains("1024"));
}

#[test]
fn a_time_out_ends_its_trial_only_and_at_once() {
    let mut job = job(EngineKind::Llama, &SLOW.1, vec![exact(3000), exact(3)], 2);
    job.trial_timeout_ms = 250;
    let events = done(&job);
    let reports = reports(&events);
    assert_eq!(failure(reports[0]), Some(Failure::TimedOut));
    let finished = events.iter().find(|e| matches!(e.event, Event::TrialFinished(_))).unwrap().at_ns;
    let late_ms = (finished - reports[0].times.request_ns.unwrap()) / 1_000_000 - 250;
    assert!(late_ms < 200, "{late_ms} ms late"); // about 5 on a quiet machine
    check_identities(reports[1], 2);
}

#[test]
fn a_model_that_cannot_be_used_is_an_event_and_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.gguf");
    let whole = fs::read(&TINY.1).unwrap();
    for (content, word) in [
        (&whole[..0], ""),
        (&whole[..30], ""),
        (&whole[..whole.len() - 1000], ""),
        (b"not a model at all", "is text, not a model"),
    ] {
        fs::write(&path, content).unwrap();
        let output = run(&job(EngineKind::Llama, &path, vec![exact(5)], 2));
        assert_eq!(output.status.code(), Some(3));
        let events = events(&output.stdout);
        let Event::LoadFailed { failure, message } = &events.last().unwrap().event else {
            panic!("{events:?}")
        };
        assert_eq!(*failure, Failure::LoadFailed);
        assert!(
            message.contains("broken.gguf") && message.contains(word) && !message.contains('\n'),
            "{message}"
        );
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(run(&job(EngineKind::Llama, &path, vec![exact(5)], 2)).status.code(), Some(3));
}

#[test]
fn a_load_that_never_ends_is_told_and_ends_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    // Reading it waits for a writer that never comes.
    let path = folder.path().join("model.gguf");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut job = job(EngineKind::Llama, &path, vec![text("hi")], 2);
    job.load_timeout_ms = 300;
    let output = run(&job);
    assert_eq!(output.status.signal(), Some(9));
    let events = events(&output.stdout);
    let Event::LoadFailed { failure, message } = &events.last().unwrap().event else { panic!("{events:?}") };
    assert_eq!(*failure, Failure::TimedOut);
    assert!(message.contains("within 300 ms"), "{message}");
}

#[test]
fn a_job_that_cannot_be_understood_is_exit_code_2_and_one_line() {
    let mut wrong = job(EngineKind::Null, Path::new(""), vec![exact(5)], 1);
    wrong.trials[0].prompt = 7;
    let wrong_prompt = serde_json::to_string(&wrong).unwrap();
    let future = r#"{"protocol":"2.0","anything":1}"#;
    for (job, word) in [(future, "version 2.0"), ("{", "valid"), ("", "valid"), (&wrong_prompt, "prompt 7")] {
        let output = start(&["run"], job).wait_with_output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(word) && message.lines().count() == 1, "{message}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(start(&["run", "--fast"], "").wait_with_output().unwrap().status.code(), Some(2));
}

#[test]
fn the_journal_holds_what_stdout_got_and_must_be_writable() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.jsonl");
    let job = serde_json::to_string(&job(EngineKind::Null, Path::new(""), vec![exact(5)], 3)).unwrap();
    let output = start(&["run", "--journal", journal.to_str().unwrap()], &job).wait_with_output().unwrap();
    assert_eq!(output.stdout, fs::read(&journal).unwrap());
    if File::options().write(true).open("/dev/full").is_ok() {
        let output = start(&["run", "--journal", "/dev/full"], &job).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("journal"));
    }
}

#[test]
fn a_host_that_went_away_ends_the_agent() {
    let mut job = job(EngineKind::Null, Path::new(""), vec![exact(5); 50], 3);
    job.gap_ms = 200;
    let mut child = start(&["run"], &serde_json::to_string(&job).unwrap());
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap(); // and closes it
    let start = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_signal_ends_the_agent_quickly_and_the_trial_is_not_reported() {
    let job = job(EngineKind::Llama, &SLOW.1, vec![exact(3000)], 1000);
    let mut child = start(&["run"], &serde_json::to_string(&job).unwrap());
    let mut reader = EventReader::new(BufReader::new(child.stdout.take().unwrap()));
    while !matches!(reader.next_event().unwrap().unwrap().event, Event::TrialStarted { .. }) {}
    thread::sleep(Duration::from_millis(100));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let start = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    while let Some(envelope) = reader.next_event().unwrap() {
        assert!(matches!(envelope.event, Event::Progress(_) | Event::Heartbeat), "{envelope:?}");
    }
}

#[test]
fn repacking_can_be_ruled_out_and_is_reported() {
    let (_folder, path) = &*TINY;
    let repacked = |repack: bool| {
        let mut job = job(EngineKind::Llama, path, vec![text("hi")], 2);
        job.options.repack = repack;
        let events = done(&job);
        ready(&events).options.repack
    };
    assert_eq!(repacked(false), Some(false));
    // Where the engine has kernels for it, Q4_0 is repacked.
    let kernels = std::env::consts::ARCH == "x86_64" || std::env::consts::ARCH == "aarch64";
    assert!(!kernels || repacked(true) == Some(true));
}

#[test]
fn the_first_prompt_is_told_as_the_model_reads_it() {
    let (_folder, path) = &*TINY;
    let events = done(&job(EngineKind::Llama, path, vec![text("first"), text("second")], 2));
    let prompts = &ready(&events).prompts;
    assert_eq!(prompts[0].text.as_deref(), Some("first"));
    assert_eq!(prompts[1].text, None);

    // No chat template, no place for a message of the system.
    let mut job = job(EngineKind::Llama, path, vec![text("first")], 2);
    job.generation.system = Some("Be brief.".to_owned());
    job.trials.clear();
    let events = done(&job);
    assert!(ready(&events).prompts[0].unsupported.as_ref().unwrap().contains("system message"));
}
