//! Nothing is left at work on a phone, and nothing that could be gone on with is removed.

use super::{
    super::scripts::{self, Mark},
    fixture::{Fixture, NAME, follow},
};
use crate::{Device, NextEvent, RunName, Shell};
use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Command lines of this machine with the fixture's folder in them.
fn at_work(fixture: &Fixture) -> Vec<String> {
    let folder = fixture.folder.path().display().to_string();
    let lines = slm_testkit::processes::command_lines();
    lines.filter(|line| line.contains(&folder) && line.contains("slm-agent-0")).collect()
}

#[test]
fn a_run_that_is_ended_before_it_begins_never_begins() {
    let fixture = Fixture::new(500, "exit 0");
    let folder = format!("{}/runs/5eed/r1m0-1", fixture.phone.root);
    fs::create_dir_all(&folder).unwrap();
    fs::write(format!("{folder}/job.json"), "{}").unwrap();
    let run = |script: String| fixture.link.run(&script, Duration::from_secs(30)).unwrap();
    let evidence = || run(scripts::evidence(&folder, 100)).text();
    // Nothing is made up that would hide why it did not begin.
    assert_eq!(run(scripts::stop(&folder, Mark::None)).code, 0);
    assert!(evidence().starts_with("exit=\nstopped=\nagent=\n"), "{}", evidence());
    let agent = format!("{}/bin/slm-agent-0", fixture.phone.root);
    assert_eq!(run(scripts::start(&folder, &agent, Duration::ZERO)).code, 0);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(at_work(&fixture), Vec::<String>::new());
    assert!(!fs::exists(format!("{folder}/journal")).unwrap());
    fixture.check();
}

/// The supervisor begins in the background, before or after the word to end it.
#[test]
fn a_run_that_is_ended_at_once_leaves_nothing() {
    for pause in 0..40 {
        let fixture = Fixture::new(500, "exit 0");
        let mut run = fixture.start();
        thread::sleep(Duration::from_micros(pause * 500));
        run.stop();
        let exit = run.finish();
        assert!(exit.stopped, "{exit:?}");
        // A supervisor that was forbidden to begin takes a moment to see it.
        let soon = Instant::now() + Duration::from_secs(5);
        while !at_work(&fixture).is_empty() && Instant::now() < soon {
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(at_work(&fixture), Vec::<String>::new(), "{pause}");
        assert_eq!(fixture.phone.runs(NAME).unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_second_stop_is_quick_whatever_the_first_found() {
    let fixture = Fixture::new(500, "exit 0");
    let runs = fixture.root().join("runs/5eed");
    let folder = |name: &str| runs.join(name).to_str().unwrap().to_owned();
    let run = |script: &str| fixture.link.run(script, Duration::from_secs(30)).unwrap();
    let agent = format!("{}/bin/slm-agent-0", fixture.phone.root);
    // One at work, one that never begins, one that has ended by itself.
    for (name, starts, kill) in [("m0-1", true, false), ("m0-2", false, false), ("m0-3", true, true)] {
        fs::create_dir_all(runs.join(name)).unwrap();
        fs::write(runs.join(name).join("job.json"), "{}").unwrap();
        let folder = folder(name);
        if starts {
            assert_eq!(run(&scripts::start(&folder, &agent, Duration::ZERO)).code, 0);
            slm_testkit::processes::wait_until("a journal", || runs.join(name).join("journal").exists());
        }
        if kill {
            run(&scripts::end_all(&fixture.phone.root));
        }
        run(&scripts::stop(&folder, Mark::Stopped));
        let before = Instant::now();
        assert_eq!(run(&scripts::stop(&folder, Mark::Stopped)).code, 0);
        assert!(before.elapsed() < Duration::from_secs(5), "{name}: {:?}", before.elapsed());
        assert_eq!(at_work(&fixture), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn an_agent_that_lost_its_supervisor_before_it_wrote_is_ended_by_one_claim() {
    let fixture = Fixture::with_agent("while :; do sleep 0.1; done");
    std::mem::forget(fixture.start());
    let pid = fixture.root().join("runs/5eed/r1m0-1/pid");
    let supervisor = || fs::read_to_string(&pid).unwrap_or_default().split_whitespace().next()?.parse().ok();
    slm_testkit::processes::wait_until("its number", || supervisor().is_some());
    slm_testkit::processes::signal(supervisor().unwrap(), rustix::process::Signal::KILL);
    slm_testkit::processes::wait_until("its end", || at_work(&fixture).len() == 1);
    drop(fixture.phone.claim("0ther").expect("nobody holds it"));
    assert_eq!(at_work(&fixture), Vec::<String>::new());
    assert!(!fixture.root().join("runs").join("5eed").exists());
}

#[test]
fn an_agent_whose_run_nobody_knows_is_ended_by_the_next_sweep() {
    let fixture = Fixture::new(500, "exit 0");
    let mut lost = fixture.start();
    while !matches!(lost.next(Duration::from_secs(1)), NextEvent::Event(_)) {}
    std::mem::forget(lost);
    let other = RunName { sweep: "0ther", run: 1, model: 0 };
    let mut known = fixture.phone.start(other, &slm_testkit::agent::job()).expect("it starts");
    while !matches!(known.next(Duration::from_secs(1)), NextEvent::Event(_)) {}
    fs::remove_dir_all(fixture.root().join("runs/5eed")).unwrap();
    let run = |script: String| fixture.link.run(&script, Duration::from_secs(30)).unwrap().text();
    assert_eq!(run(scripts::end_strays(&fixture.phone.root)).lines().count(), 1);
    let left = at_work(&fixture);
    assert!(!left.is_empty() && left.iter().all(|line| line.contains("0ther")), "{left:?}");
    assert_eq!(run(scripts::end_strays(&fixture.phone.root)), "");
    // All of them, and who supervises them.
    run(scripts::end_all(&fixture.phone.root));
    assert_eq!(at_work(&fixture), Vec::<String>::new());
    follow(known.as_mut());
    fixture.check();
}

#[test]
fn a_run_without_a_journal_is_removed_and_one_with_results_is_kept() {
    let fixture = Fixture::new(500, "exit 0");
    let runs = fixture.root().join("runs");
    for (run, file) in [("0ld/m0-1", "job.json"), ("0ld/m1-1", "stderr"), ("kept/m0-1", "journal")] {
        fs::create_dir_all(runs.join(run)).unwrap();
        fs::write(runs.join(run).join(file), "x").unwrap();
    }
    fs::create_dir_all(runs.join("empty")).unwrap();
    let mut alive = fixture.start();
    let script = scripts::remove_empty_runs(&fixture.phone.root);
    assert_eq!(fixture.link.run(&script, Duration::from_secs(30)).unwrap().code, 0);
    let mut left: Vec<String> =
        fs::read_dir(&runs).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["5eed", "kept"]);
    while !matches!(alive.next(Duration::from_secs(1)), NextEvent::Event(_)) {}
    alive.stop();
    fixture.check();
}

#[test]
fn a_lock_is_kept_while_its_run_goes_on_and_a_run_without_a_lock_counts() {
    let fixture = Fixture::new(500, "exit 0");
    let claim = fixture.phone.claim("5eed").expect("it is free");
    let mut run = fixture.start();
    while !matches!(run.next(Duration::from_secs(1)), NextEvent::Event(_)) {}
    drop(claim);
    let refused = fixture.phone.claim("0ther").err().expect("its agent runs").to_string();
    assert!(refused.contains("its agent runs"), "{refused}");
    fs::remove_dir_all(fixture.root().join("lock")).unwrap();
    let refused = fixture.phone.claim("0ther").err().expect("its agent runs").to_string();
    assert!(refused.contains("lock is gone"), "{refused}");
    // The same sweep goes on.
    drop(fixture.phone.claim("5eed").expect("its own run"));
    run.stop();
    drop(fixture.phone.claim("5eed").expect("its own lock"));
    drop(fixture.phone.claim("0ther").expect("now it is free"));
    assert!(!fixture.root().join("lock").exists());
    fixture.check();
}

#[test]
fn a_shell_that_names_an_agent_is_none() {
    let fixture = Fixture::new(1, "exit 0");
    let text = format!("sleep 3; : {}/lib/slm-agent-0 --job x", fixture.folder.path().display());
    let mut shell = Command::new("sh").args(["-c", &text]).spawn().unwrap();
    let ended =
        fixture.phone.link.inner().run(&scripts::end_all(&fixture.phone.root), Duration::from_secs(9));
    assert_eq!(ended.unwrap().text(), "");
    assert!(shell.try_wait().unwrap().is_none(), "it runs on");
    shell.kill().unwrap();
    shell.wait().unwrap();
}
