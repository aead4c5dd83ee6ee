//! Runs: followed, lost, adopted, ended.

use super::fixture::{Fixture, NAME, all, follow};
use crate::{Device, NextEvent};
use slm_protocol::Failure;
use std::{
    fs,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

#[test]
fn a_run_is_followed_to_its_end_and_leaves_nothing() {
    let fixture = Fixture::new(8, "exit 0");
    let mut run = fixture.start();
    assert_eq!(follow(run.as_mut()), all(8));
    let exit = run.finish();
    assert_eq!((exit.code, exit.signal, exit.stopped, exit.lost), (Some(0), None, false, None));
    assert_eq!(fixture.phone.runs(NAME).unwrap(), Vec::<String>::new());
    fixture.check();
}

#[test]
fn a_link_that_breaks_every_few_requests_costs_no_event_and_starts_nothing_twice() {
    for lost_after in 2..6 {
        let fixture = Fixture::new(12, "echo ran >> \"$here/ran\"");
        fixture.link.lost_after.store(lost_after, Ordering::Relaxed);
        let mut run = fixture.start();
        assert_eq!(follow(run.as_mut()), all(12), "{lost_after}");
        assert_eq!(run.finish().code, Some(0), "{lost_after}");
        assert_eq!(fs::read_to_string(fixture.root().join("ran")).unwrap(), "ran\n", "{lost_after}");
        fixture.check();
    }
}

#[test]
fn after_a_host_was_killed_its_run_is_found_and_read_from_the_start() {
    let fixture = Fixture::new(20, "exit 0");
    let mut first = fixture.start();
    while !matches!(first.next(Duration::from_secs(1)), NextEvent::Event(_)) {}
    // What a killed process does: nothing.
    std::mem::forget(first);
    let mut second = fixture.phone.adopt(NAME).expect("it is reached").expect("there is a run");
    assert_eq!(follow(second.as_mut()), all(20));
    assert_eq!(second.finish().code, Some(0));
    assert!(fixture.phone.adopt(NAME).expect("it is reached").is_none());
    fixture.check();
}

#[test]
fn a_run_whose_start_was_not_told_goes_on_and_is_found() {
    let (mut living, mut started) = (0, false);
    for request in 1.. {
        let fixture = Fixture::new(5, "exit 0").without_patience();
        fixture.lose_at(request);
        if fixture.phone.start(NAME, &slm_testkit::agent::job()).is_ok() {
            started = true;
            break;
        }
        let run = format!("{}/runs/{}/r1m0-1", fixture.phone.root, NAME.sweep);
        if fs::exists(format!("{run}/started")).unwrap() {
            living += 1;
            let mut run = fixture.phone.adopt(NAME).expect("it is reached").expect("it is there");
            assert_eq!(follow(run.as_mut()), all(5), "{request}");
        }
    }
    assert!(started && living > 0, "{living}");
}

#[test]
fn deaths_and_a_torn_last_line_are_told() {
    let fixture =
        Fixture::new(3, "printf '{\"v\":\"1.0\",\"se' >> \"$5\"; echo 'last words' >&2; kill -KILL $$");
    let mut run = fixture.start();
    assert_eq!(follow(run.as_mut()), all(3));
    let exit = run.finish();
    assert_eq!((exit.code, exit.signal), (None, Some(9)));
    assert_eq!(exit.cause().0, Failure::Killed);
    assert!(exit.stderr.contains("last words"), "{exit:?}");
}

#[test]
fn a_keeper_that_dies_with_its_agent_leaves_no_status_and_is_missed_soon() {
    let fixture = Fixture::new(2, "kill -KILL $PPID $$");
    let mut run = fixture.start();
    let before = Instant::now();
    assert_eq!(follow(run.as_mut()), all(2));
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
    let exit = run.finish();
    assert_eq!((exit.code, exit.signal, exit.cause().0), (None, None, Failure::Killed));
}

#[test]
fn a_run_is_ended_and_known_as_ended_by_a_host() {
    let fixture = Fixture::new(500, "exit 0");
    let mut run = fixture.start();
    while !matches!(run.next(Duration::from_secs(1)), NextEvent::Event(_)) {}
    run.stop();
    follow(run.as_mut());
    let exit = run.finish();
    assert!(exit.stopped, "{exit:?}");
    assert_eq!(exit.signal, Some(15));
    // Of a run that has gone, too.
    let before = Instant::now();
    fixture.phone.start(NAME, &slm_testkit::agent::job()).expect("another one").stop();
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    fixture.check();
}

#[test]
fn long_work_has_a_heartbeat_and_keeps_its_result() {
    let fixture = Fixture::new(1, "exit 0");
    let link = &fixture.phone.link;
    let at_most = Duration::from_mins(1);
    let output = link.run_long("sleep 2.5; echo out; echo err >&2; exit 3", at_most).unwrap();
    assert_eq!((output.code, output.stdout.as_slice()), (3, b"out\n".as_slice()));
    assert_eq!(String::from_utf8(output.stderr).unwrap().replace("err\n", ""), "\n\n");
    // Nothing of it outlives the work, or delays its end until the next sign.
    let times = [(); 5].map(|()| {
        let before = Instant::now();
        assert_eq!(link.run_long("exit 0", at_most).unwrap().code, 0);
        before.elapsed()
    });
    assert!(times.iter().any(|time| *time < Duration::from_millis(900)), "{times:?}");
    // Work without an end is not waited for without one.
    let output = link.run_long("sleep 4", Duration::from_secs(1)).unwrap();
    assert_eq!((output.code, output.stderr.as_slice()), (0, b"\n".as_slice()));
}
