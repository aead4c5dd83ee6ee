//! Phones that cannot be measured, or not now: said in one line, before anything is measured.

use rustix::process::Signal;
use slm_protocol::VERSION;
use slm_testkit::{
    phone::{OPTIONS, Stage},
    processes::{signal, wait_until},
    results::Row,
    sandbox::{Ran, run},
};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, thread, time::Duration};

/// Refused in one line that says this; nothing was measured.
fn check_refused(stage: &Stage, ran: &Ran, code: i32, words: &[&str]) {
    let stderr = stage.stderr();
    assert_eq!(ran.code, Some(code), "{stderr}");
    let last = stderr.lines().last().unwrap_or_default();
    for word in words {
        assert!(last.contains(word), "'{word}' in: {stderr}");
    }
    let trials = stage.results().torn_csv("trials.csv");
    assert!(!trials.iter().any(Row::is_completed), "{trials:?}");
}

#[test]
#[ignore = "needs the test phone"]
fn an_unauthorised_phone_says_what_to_do() {
    let stage = Stage::set(0, &[]);
    stage.phone.unauthorize();
    check_refused(&stage, &stage.sweep(), 3, &["unauthorized", "accept"]);
}

#[test]
#[ignore = "needs the test phone"]
fn a_phone_that_is_not_there_is_looked_for_in_vain() {
    let stage = Stage::set(0, &[]);
    let ran = {
        let args = ["sweep", "--device", "serial:nowhere;touch x", "--out", "out"];
        slm_testkit::processes::Live::start(&stage.sandbox, &args).wait()
    };
    check_refused(&stage, &ran, 3, &["nowhere;touch x", &stage.phone.serial]);
    assert!(!stage.sandbox.path("x").exists());
}

#[test]
#[ignore = "needs the test phone"]
fn an_agent_of_another_version_is_refused() {
    let mut stage = Stage::set(0, &[]);
    let agents = stage.sandbox.path("agents");
    for flavour in ["armv8-a", "armv8.2-a+fp16+dotprod", "armv8.6-a+i8mm"] {
        let folder = agents.join(flavour);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("slm-agent"), "old").expect("an agent");
        let manifest = format!(
            r#"{{"version":"0.0.1","protocol":"{VERSION}","flavour":"{flavour}","target":"aarch64-unknown-linux-gnu","size":3,"sha256":"","source_sha256":""}}"#
        );
        fs::write(folder.join("slm-agent.json"), manifest).expect("a manifest");
    }
    stage.sandbox.variables.push(("SLM_AGENTS", agents));
    stage.sandbox.variables.push(("SLM_PHONE_AGENT", PathBuf::new()));
    check_refused(&stage, &stage.sweep(), 2, &["version 0.0.1", "bench agent build"]);
}

#[test]
#[ignore = "needs the test phone"]
fn an_agent_that_speaks_another_protocol_is_refused() {
    let mut stage = Stage::set(0, &[]);
    let agent = stage.sandbox.path("strange-agent");
    fs::write(
        &agent,
        "#!/bin/sh\necho '{\"protocol\":\"9.0\",\"seq\":0,\"time_ns\":1,\"event\":{\"type\":\"done\"}}'\n",
    )
    .expect("an agent");
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).expect("an executable");
    stage.sandbox.variables.push(("SLM_PHONE_AGENT", agent));
    check_refused(&stage, &stage.sweep(), 2, &["not usable"]);
}

#[test]
#[ignore = "needs the test phone"]
fn a_second_sweep_on_the_same_phone_is_refused_and_does_no_harm() {
    let mut stage = Stage::set(0, &[]);
    // Longer than any machine needs to start the second one.
    let mut first = stage.start_with(
        slm_testkit::sandbox::TINY,
        "--chunks 0 --runs 1 --repetitions 400 --max-new-tokens 60 --threads 1",
    );
    stage.await_trials(&mut first, 4);
    let device = stage.device();
    let mut second =
        stage.sandbox.command(&["sweep", "--device", &device, "--out", "other", "--backend", "null"]);
    // As from another computer: without the lock that this one keeps.
    fs::create_dir(stage.sandbox.path("elsewhere")).expect("a folder");
    second.env("TMPDIR", stage.sandbox.path("elsewhere"));
    let ran = run(second);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("in use by a sweep"), "{ran:?}");
    assert!(!stage.sandbox.path("other").exists(), "it left a folder");
    // The first one goes on measuring.
    let before = stage.results().torn_csv("trials.csv").len();
    wait_until("another trial", || stage.results().torn_csv("trials.csv").len() > before);
    signal(first.pid(), Signal::INT);
    assert_eq!(first.wait().code, Some(130), "{}", stage.stderr());
    assert!(stage.results().trials().iter().all(Row::is_completed));
}

#[test]
#[ignore = "needs the test phone"]
fn odd_names_are_data_everywhere() {
    let stage = Stage::set(0, &[]);
    stage.phone.set_property("ro.product.model", "My \"phone\" $(touch /data/local/tmp/x); 'touch x'");
    stage.phone.unplug();
    thread::sleep(Duration::from_millis(500));
    stage.phone.connect();
    let model = stage.sandbox.make_model(slm_testkit::sandbox::TINY, "$(touch x);'a b\".gguf");
    let ran = stage.start_with(&model.display().to_string(), OPTIONS).wait();
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    stage.results().check_complete();
    assert!(!stage.sandbox.path("x").exists() && !stage.phone.disk().join("x").exists());
    let found = stage.phone.shell("find / -name x -path '*tmp*' 2> /dev/null; true");
    assert_eq!(found, "");
}

#[test]
#[ignore = "needs the test phone"]
fn a_phone_that_stays_offline_is_said_to_be() {
    let stage = Stage::set(0, &[]);
    stage.phone.take_offline();
    let mut live = stage.start();
    wait_until("an answer about the phone", || live.has_ended() || stage.stderr().contains("offline"));
    if !live.has_ended() {
        // It is waited for: when it comes back, the sweep goes on.
        stage.phone.thaw();
        stage.phone.connect();
        assert_eq!(live.wait().code, Some(0), "{}", stage.stderr());
        return;
    }
    check_refused(&stage, &live.wait(), 3, &["offline"]);
}

/// The agent that an S24 gets; `./test` builds it before.
fn built_agent() -> PathBuf {
    slm_device::agents::find(slm_device::agents::Flavour::MatrixProduct.into())
        .expect("./test builds it")
        .path
}

#[test]
#[ignore = "needs the test phone"]
fn an_agent_for_another_machine_is_refused() {
    let mut stage = Stage::set(0, &[]);
    stage.sandbox.variables.push(("SLM_PHONE_AGENT", slm_testkit::sandbox::agent()));
    check_refused(&stage, &stage.sweep(), 2, &["not for phones", "bench agent build"]);
}

#[test]
#[ignore = "needs the test phone"]
fn an_agent_on_the_shelf_of_another_flavour_is_refused() {
    let mut stage = Stage::set(0, &[]);
    let (built, agents) = (built_agent(), stage.sandbox.path("agents"));
    let folder = agents.join("armv8.6-a+i8mm");
    fs::create_dir_all(&folder).expect("a folder");
    fs::copy(&built, folder.join("slm-agent")).expect("an agent");
    let manifest = fs::read_to_string(built.with_file_name("slm-agent.json")).expect("a manifest");
    let manifest = manifest.replace("\"armv8.6-a+i8mm\"", "\"armv8-a\"");
    fs::write(folder.join("slm-agent.json"), manifest).expect("a manifest");
    stage.sandbox.variables.push(("SLM_AGENTS", agents));
    stage.sandbox.variables.push(("SLM_PHONE_AGENT", PathBuf::new()));
    check_refused(&stage, &stage.sweep(), 2, &["it was built for armv8-a", "bench agent build"]);
}

#[test]
#[ignore = "needs the test phone"]
fn an_agent_that_the_phones_cores_cannot_run_is_refused() {
    let mut stage = Stage::set(0, &[]);
    stage.sandbox.variables.push(("SLM_PHONE_AGENT", built_agent()));
    let older = stage.phone.planted("proc/cpuinfo").replace(" i8mm", "");
    stage.phone.plant("proc/cpuinfo", &older);
    check_refused(&stage, &stage.sweep(), 2, &["built for armv8.6-a+i8mm", "the phone lacks i8mm"]);
}

#[test]
#[ignore = "needs the test phone"]
fn an_agent_that_was_damaged_on_the_phone_is_sent_again() {
    let stage = Stage::set(0, &[]);
    assert_eq!(stage.sweep().code, Some(0), "{}", stage.stderr());
    let folder = stage.phone.disk().join("slm-bench/bin");
    let agents = || fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let [agent] = agents().collect::<Vec<_>>().try_into().expect("one agent");
    let good = fs::read(&agent).expect("the agent");
    let mut damaged = good.clone();
    damaged[good.len() / 2..][..64].fill(0x55);
    fs::write(&agent, &damaged).expect("a damaged agent");
    fs::remove_dir_all(stage.sandbox.path("out")).expect("the first results");
    assert_eq!(stage.sweep().code, Some(0), "{}", stage.stderr());
    assert!(fs::read(&agent).expect("the agent") == good, "the damaged one is still there");
    assert_eq!(agents().count(), 1);
}

#[test]
#[ignore = "needs the test phone"]
fn a_lock_counts_while_its_owner_lives_and_no_longer() {
    let stage = Stage::set(0, &[]);
    let device = stage.device();
    let sweep = |out: &str| {
        let args =
            format!("sweep --device {device} --out {out} --backend null --chunks 0 --runs 1 --repetitions 1");
        stage.bench(&args.split(' ').collect::<Vec<_>>())
    };
    // A host elsewhere, heard of just now.
    let lock = stage.phone.disk().join("slm-bench/lock");
    fs::create_dir_all(&lock).expect("a lock");
    let owner = r#"{"sweep":"5eed","host":"lab-7","boot":"x","pid":1,"since":"2026-11-21T09:00:00Z"}"#;
    fs::write(lock.join("owner"), format!("{owner}\n")).expect("an owner");
    fs::write(lock.join("beat"), "\n").expect("a beat");
    let ran = sweep("refused");
    assert_eq!(ran.code, Some(2), "{}", stage.stderr());
    assert!(stage.stderr().contains("in use by a sweep of lab-7"), "{}", stage.stderr());
    assert!(!stage.sandbox.path("refused").exists());

    // It has not been heard of for long.
    let beat = fs::File::options().write(true).open(lock.join("beat")).expect("the beat");
    beat.set_modified(std::time::SystemTime::now() - Duration::from_mins(5)).expect("its time");
    assert_eq!(sweep("stale").code, Some(0), "{}", stage.stderr());
    assert!(!lock.exists(), "it gave its own lock back");

    // A host that is known to be dead, of this machine: at once.
    let mut live = stage.start_with(
        slm_testkit::sandbox::TINY,
        "--chunks 0 --runs 1 --repetitions 400 --max-new-tokens 60 --threads 1",
    );
    stage.await_agent(&mut live);
    stage.kill_host_and_agent(&mut live);
    assert!(lock.exists(), "nobody gave it back");
    assert_eq!(sweep("next").code, Some(0), "{}", stage.stderr());
    assert!(!lock.exists());
}
