//! Sweeps on a phone to which something happens, at random moments: whatever it is, nothing is lost, nothing is
//! measured twice, and a row that failed tells the right cause.
//!
//! `PHONE_FAULT_ROUNDS` sets how often each fault is played; `PHONE_FAULT_SEED` chooses other moments.

use rustix::process::Signal;
use slm_testkit::{
    phone::{
        Stage,
        checks::{check_harmed, check_lost, check_resumed, check_unharmed},
        rounds,
    },
    processes::{Live, signal, wait_until},
    results::assert_kept,
};
use std::{fs, thread, time::Duration};

/// A fault of the link, which nobody but the clock may notice.
fn link_fault(name: &str, fault: impl Fn(&mut Stage)) {
    rounds(name, |seed| {
        let mut stage = Stage::set(seed, &[]);
        let mut live = stage.start();
        stage.await_moment(&mut live);
        let ended = live.has_ended();
        fault(&mut stage);
        let ran = live.wait();
        check_unharmed(&stage, &ran);
        if ended { "after its end" } else { "nothing lost" }.to_owned()
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_cable_is_pulled_for_a_moment() {
    link_fault("adbd killed", |stage| {
        stage.phone.unplug();
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_cable_is_pulled_again_and_again() {
    link_fault("adbd killed, several times", |stage| {
        for _ in 0..4 {
            stage.phone.unplug();
            thread::sleep(Duration::from_millis(500 + stage.below(1500)));
        }
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_phone_freezes_for_five_seconds() {
    link_fault("adbd frozen for 5 s", |stage| {
        stage.phone.freeze();
        thread::sleep(Duration::from_secs(5));
        stage.phone.thaw();
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_adb_server_is_killed() {
    link_fault("adb server killed", |stage| {
        stage.phone.lab().must(&["adb", "kill-server"]);
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_authorisation_is_revoked_and_given_again() {
    rounds("unauthorised", |seed| {
        let mut stage = Stage::set(seed, &[]);
        let mut live = stage.start();
        stage.await_moment(&mut live);
        if live.has_ended() {
            return "after its end".to_owned();
        }
        stage.phone.unauthorize();
        // Nothing but a person can mend this, so the sweep ends.
        let ran = live.wait();
        if !stage.sandbox.path("out/manifest.json").exists() {
            assert_eq!(ran.code, Some(3), "{}", stage.stderr());
            stage.phone.authorize();
            check_unharmed(&stage, &stage.sweep());
            return "before the sweep began".to_owned();
        }
        stage.phone.authorize();
        if ran.code == Some(0) {
            stage.results().check_complete();
            return "all had been told by then".to_owned();
        }
        let before = check_lost(&stage, &ran, "unauthorized");
        check_resumed(&stage, &before);
        "exit 3, resumed, nothing lost".to_owned()
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_phone_freezes_for_ever() {
    rounds("adbd frozen for ever", |seed| {
        let mut stage = Stage::set(seed, &[]);
        stage.sandbox.variables.push(("SLM_PHONE_PATIENCE", "8s".into()));
        let mut live = stage.start();
        stage.await_trials(&mut live, 8);
        stage.phone.freeze();
        let ran = live.wait();
        stage.phone.thaw();
        if ran.code == Some(0) {
            stage.results().check_complete();
            return "all had been told by then".to_owned();
        }
        let before = check_lost(&stage, &ran, "no answer from");
        check_resumed(&stage, &before);
        "exit 3, resumed, nothing lost".to_owned()
    });
}

/// Whether a phone is sending the journal of a sweep at this moment.
fn journal_is_read(stage: &Stage) -> bool {
    let manifest = fs::read_to_string(stage.sandbox.path("out/manifest.json")).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
    let Some(id) = manifest["id"].as_str() else { return false };
    let run = format!("/runs/{id}/r1m0-1");
    // The shell that does it has its whole script on its command line.
    slm_testkit::processes::command_lines().any(|line| line.contains("tail -c") && line.contains(&run))
}

#[test]
#[ignore = "needs the test phone"]
fn the_cable_is_pulled_while_the_journal_is_fetched() {
    rounds("adbd killed while a journal is fetched", |seed| {
        let mut stage = Stage::set(seed, &[]);
        let mut live = stage.start();
        // The phone goes on alone, so that a long journal waits for the next host.
        stage.await_trials(&mut live, 3);
        signal(live.pid(), Signal::KILL);
        wait_until("the host's end", || live.has_ended());
        thread::sleep(Duration::from_millis(stage.below(6000)));
        let before = stage.results().torn_csv("trials.csv");
        let mut live = Live::start(&stage.sandbox, &["sweep", "--resume", "out"]);
        wait_until("a look at the journal", || journal_is_read(&stage) || live.has_ended());
        let ended = live.has_ended();
        stage.phone.unplug();
        let ran = live.wait();
        check_unharmed(&stage, &ran);
        let after = stage.results().trials();
        assert_kept(&before, &after);
        if ended { "after its end" } else { "nothing lost" }.to_owned()
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_cable_is_pulled_while_a_model_is_sent() {
    rounds("adbd killed in a push", |seed| {
        let mut stage = Stage::set(seed, &[]);
        // Large enough to be caught on its way.
        let model =
            stage.sandbox.make_model("shape:arch=mpt,layers=2,d_model=64,heads=2,vocab=800000", "big.gguf");
        let bytes = fs::metadata(&model).expect("the model").len();
        let few = "--chunks 0 --runs 1 --repetitions 1 --max-new-tokens 4 --threads 1";
        let mut live = stage.start_with(&model.display().to_string(), few);
        let folder = stage.phone.disk().join("slm-bench");
        let wanted = stage.below(bytes * 3 / 4).max(1);
        wait_until("a part of the model", || part_size(&folder) >= wanted || live.has_ended());
        stage.phone.unplug();
        let ran = live.wait();
        check_unharmed(&stage, &ran);
        "nothing lost".to_owned()
    });
}

/// Bytes of the largest file on its way.
fn part_size(folder: &std::path::Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() {
            return part_size(&path);
        }
        let is_part = path.file_name().is_some_and(|name| name.to_string_lossy().contains(".part"));
        entry.metadata().ok().filter(|_| is_part).map_or(0, |data| data.len())
    };
    entries.flatten().map(size).max().unwrap_or(0)
}

#[test]
#[ignore = "needs the test phone"]
fn the_host_is_killed_and_the_sweep_resumed() {
    rounds("host killed twice", |seed| {
        let mut stage = Stage::set(seed, &[]);
        let mut live = stage.start();
        kill_host(&mut stage, &mut live);
        if !stage.sandbox.path("out/manifest.json").exists() {
            let _ = fs::remove_dir_all(stage.sandbox.path("out"));
            check_unharmed(&stage, &stage.sweep());
            return "before the sweep began".to_owned();
        }
        let before = stage.results().torn_csv("trials.csv");
        let mut live = Live::start(&stage.sandbox, &["sweep", "--resume", "out"]);
        kill_host(&mut stage, &mut live);
        let ran = stage.resume();
        check_unharmed(&stage, &ran);
        let after = stage.results().trials();
        assert_kept(&before, &after);
        "nothing lost".to_owned()
    });
}

fn kill_host(stage: &mut Stage, live: &mut Live) {
    stage.await_moment(live);
    signal(live.pid(), Signal::KILL);
    wait_until("the host's end", || live.has_ended());
}

#[test]
#[ignore = "needs the test phone"]
fn the_host_is_killed_and_the_journal_torn() {
    rounds("journal torn", |seed| {
        let mut stage = Stage::set(seed, &[]);
        let mut live = stage.start();
        stage.await_trials(&mut live, 12);
        signal(live.pid(), Signal::KILL);
        wait_until("the host's end", || live.has_ended());
        // What a phone's sudden end leaves: no agent, and a last line without its end.
        let killed = stage.phone.kill("slm-agent");
        let cut = 1 + stage.below(30);
        let journals = format!(
            "for f in $(find /data/local/tmp/slm-bench/runs -name journal); do n=$(wc -c < $f); \
             head -c $((n - {cut})) $f > $f.cut && mv $f.cut $f; echo cut; done"
        );
        let torn = stage.phone.shell(&journals);
        let ran = stage.resume();
        let lost = check_harmed(&stage, &ran, "killed", 1);
        format!("agent killed: {killed}, journals {}, {lost} trial(s) failed", torn.trim())
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_agent_is_killed() {
    rounds("agent killed", |seed| {
        let mut stage = Stage::set(seed, &[]);
        let mut live = stage.start();
        stage.await_agent(&mut live);
        if stage.below(3) > 0 {
            stage.await_trials(&mut live, 15);
        }
        let killed = stage.phone.kill("slm-agent") || live.has_ended();
        assert!(killed, "an agent was at work");
        let ran = live.wait();
        let failed = check_harmed(&stage, &ran, "killed", 1);
        for row in stage.results().trials().iter().filter(|row| !row.is_completed()) {
            assert!(row.get("verdict_reason").contains("SIGKILL"), "{row:?}");
        }
        format!("killed: {killed}, {failed} trial(s) failed")
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_phone_kills_the_agent_for_want_of_memory() {
    let mut stage = Stage::set(1, &[]);
    let long = "--chunks 0 --runs 1 --repetitions 3 --max-new-tokens 120 --threads 1";
    let mut live = stage.start_with(slm_testkit::sandbox::TINY, long);
    stage.await_agent(&mut live);
    stage.await_trials(&mut live, 3);
    let pid = stage.phone.shell("ps | awk '/[s]lm-agent.* run / { print $1; exit }'");
    let log = format!(
        "11-21 12:00:01.000   401   401 I lowmemorykiller: Kill 'slm-agent' ({}), uid 2000, oom_score_adj 0 to free 900000kB rss\n",
        pid.trim()
    );
    stage.phone.plant("logcat", &log);
    assert!(stage.phone.kill("slm-agent"), "it was working");
    let ran = live.wait();
    check_harmed(&stage, &ran, "out-of-memory", 1);
}

#[test]
#[ignore = "needs the test phone"]
fn the_phone_restarts() {
    rounds("phone restarted", |seed| {
        let mut stage = Stage::set(seed, &[]);
        let mut live = stage.start();
        stage.await_moment(&mut live);
        stage.phone.restart();
        let ran = live.wait();
        let lost = check_harmed(&stage, &ran, "device-lost", 1);
        format!("{lost} trial(s) lost")
    });
}

#[test]
#[ignore = "needs the test phone"]
fn a_sweep_is_interrupted_in_its_first_seconds() {
    rounds("Ctrl-C in the first seconds", |seed| {
        let mut stage = Stage::set(seed, &[]);
        let long = "--chunks 0 --runs 1 --repetitions 400 --max-new-tokens 60 --threads 1";
        let mut live = stage.start_with(slm_testkit::sandbox::TINY, long);
        // The moment in which a run has its folder and its agent may not have started.
        wait_until("a run", || {
            let runs = stage.phone.disk().join("slm-bench/runs");
            fs::read_dir(runs).is_ok_and(|mut runs| runs.next().is_some()) || live.has_ended()
        });
        thread::sleep(Duration::from_millis(stage.below(1500)));
        signal(live.pid(), Signal::INT);
        let ran = live.wait();
        assert_eq!(ran.code, Some(130), "{}", stage.stderr());
        assert_eq!(stage.left_behind(), "", "left on the phone");
        "nothing left".to_owned()
    });
}

#[test]
#[ignore = "needs the test phone"]
fn an_agent_that_nobody_knows_is_ended_by_the_next_sweep_and_by_cleaning() {
    let stage = Stage::set(0, &[]);
    let device = stage.device();
    for args in [vec!["devices", "clean", "--device", &device], Vec::new()] {
        let long = "--chunks 0 --runs 1 --repetitions 400 --max-new-tokens 60 --threads 1";
        let mut live = stage.start_with(slm_testkit::sandbox::TINY, long);
        stage.await_agent(&mut live);
        signal(live.pid(), Signal::KILL);
        wait_until("the host's end", || live.has_ended());
        // What became of the runs of an older version.
        stage.phone.shell("rm -rf /data/local/tmp/slm-bench/runs");
        fs::remove_dir_all(stage.sandbox.path("out")).expect("its results");
        let ran = if args.is_empty() { stage.sweep() } else { stage.bench(&args) };
        assert_eq!(ran.code, Some(0), "{}", stage.stderr());
        assert_eq!(stage.left_behind(), "", "left on the phone");
        if args.is_empty() {
            assert!(stage.stderr().contains("left at work was ended"), "{}", stage.stderr());
        }
    }
}
