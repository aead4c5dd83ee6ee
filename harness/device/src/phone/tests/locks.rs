//! The lock of a phone.

use super::{
    super::lock::{self, LockError, Owner},
    fixture::{Fixture, follow},
};
use crate::{Device, LinkError, NextEvent, RunName};
use std::{fs, process::Command, time::Duration};

#[test]
fn a_phone_belongs_to_one_sweep_until_that_is_over_or_gone() {
    let fixture = Fixture::new(200, "exit 0");
    let (link, root) = (&fixture.phone.link, fixture.phone.root.as_str());
    let (mine, theirs) = (Owner::this_process("aaaa"), Owner::this_process("bbbb"));
    lock::take(link, root, &mine).expect("it is free");
    lock::take(link, root, &mine).expect("a second time, as after a lost answer");
    assert!(matches!(lock::take(link, root, &theirs), Err(LockError::Held(who)) if who.contains(&mine.host)));
    let resumed = Owner::this_process("aaaa");
    lock::take(link, root, &resumed).expect("the same sweep, resumed");
    lock::release(link, root, &theirs, "").expect("not theirs: nothing happens");
    assert!(lock::holder(link, root).unwrap().is_some());
    lock::release(link, root, &resumed, "").unwrap();
    assert!(lock::holder(link, root).unwrap().is_none());
    // A host that died, of this machine: known at once.
    let mut child = Command::new("true").spawn().unwrap();
    let dead = Owner { pid: child.id(), ..Owner::this_process("cccc") };
    child.wait().unwrap();
    lock::take(link, root, &dead).unwrap();
    lock::take(link, root, &theirs).expect("its owner is dead");
    lock::release(link, root, &theirs, "").unwrap();
    // Its run that lives is not disturbed.
    let name = RunName { sweep: "cccc", run: 1, model: 0 };
    let mut run = fixture.phone.start(name, &slm_testkit::agent::job()).expect("it starts");
    while !matches!(run.next(Duration::from_secs(1)), NextEvent::Event(_)) {}
    lock::take(link, root, &dead).unwrap();
    let refused = lock::take(link, root, &theirs);
    assert!(matches!(refused, Err(LockError::Held(who)) if who.contains("its agent runs")));
    run.stop();
    follow(run.as_mut());
    lock::take(link, root, &theirs).expect("now it is gone");
    fixture.check();
}

#[test]
fn a_full_disk_is_no_other_sweep() {
    let fixture = Fixture::new(1, "exit 0");
    let (root, owner) = (fixture.phone.root.as_str(), Owner::this_process("ffff"));
    let full = "case \"$*\" in */lock) echo \"mkdir: can't create '$*': No space left on device\" >&2; exit 1 ;; esac";
    fixture.tool("mkdir", &format!("{full}\nexec /bin/mkdir \"$@\""));
    let refused = lock::take(&fixture.phone.link, root, &owner);
    assert!(matches!(refused, Err(LockError::Link(LinkError::NoSpace { .. }))), "{refused:?}");
    // Space that comes back is waited for.
    fixture.tool(
        "mkdir",
        &format!("if [ $(date +%s) -lt {} ]; then {full}; fi\nexec /bin/mkdir \"$@\"", 2 + now()),
    );
    drop(fixture.phone.claim("ffff").expect("once there is space"));
    // Nor is a folder that cannot be made for another reason.
    fixture.tool(
        "mkdir",
        &format!("{}\nexec /bin/mkdir \"$@\"", full.replace("No space left on device", "I/O error")),
    );
    let refused = fixture.phone.claim("ffff").err().expect("no lock").to_string();
    assert!(refused.contains("I/O error"), "{refused}");
    fixture.check();
}

fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

#[test]
fn a_claim_that_fails_half_way_leaves_no_lock() {
    let fixture = Fixture::new(1, "exit 0").without_patience();
    fixture.lose_at(2);
    let lost = fixture.phone.claim("ffff").err().expect("its answer is lost").to_string();
    assert!(lost.contains("unplugged"), "{lost}");
    assert!(!fixture.root().join("lock").exists());
}

#[test]
fn a_host_elsewhere_is_gone_when_its_heartbeat_is_old() {
    let fixture = Fixture::new(1, "exit 0");
    let (link, root) = (&fixture.phone.link, fixture.phone.root.as_str());
    let elsewhere = Owner { host: "lab-7".into(), ..Owner::this_process("dddd") };
    lock::take(link, root, &elsewhere).unwrap();
    let refused = lock::take(link, root, &Owner::this_process("eeee"));
    assert!(matches!(refused, Err(LockError::Held(who)) if who.contains("lab-7")));
    let long_ago = std::time::SystemTime::now() - Duration::from_mins(10);
    fs::File::options()
        .write(true)
        .open(fixture.root().join("lock/beat"))
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    lock::take(link, root, &Owner::this_process("eeee")).expect("stale");
}
