//! Settings that a sweep changes on a phone when asked to: changed, recorded, and put back whatever ends the sweep.

use rustix::process::Signal;
use serde_json::{Value, json};
use slm_testkit::{
    hub::MockHub,
    phone::{OPTIONS, Stage, TestPhone},
    processes::{Live, signal, wait_until},
    results::Results,
};
use std::{fs, path::PathBuf, thread, time::Duration};

/// Everything that can be asked for.
const ALL: &str = "--airplane-mode --fixed-performance --stay-awake";
/// Their names, in the order of the record.
const NAMES: [&str; 3] = ["fixed-performance", "airplane-mode", "stay-awake"];
/// Some seconds of trials.
const SOME: &str = "--chunks 0 --runs 1 --repetitions 10 --max-new-tokens 60 --threads 1";
/// Longer than any test: it is to be ended.
const LONG: &str = "--chunks 0 --runs 1 --repetitions 400 --max-new-tokens 60 --threads 1";

/// Airplane mode, fixed performance, staying awake, as the phone has them now.
fn settings(phone: &TestPhone) -> [String; 3] {
    ["airplane_mode_on", "fixed_performance_mode", "stay_on_while_plugged_in"].map(|name| phone.setting(name))
}

fn changed() -> [String; 3] {
    ["1", "1", "15"].map(str::to_owned)
}

/// A phone on a cable, which airplane mode does not cut off. That it stays awake at a charger is its owner's wish.
fn stage() -> Stage {
    let stage = Stage::set(0, &["--cable"]);
    stage.phone.plant("settings/global/stay_on_while_plugged_in", "1\n");
    stage
}

fn original() -> [String; 3] {
    ["0", "0", "1"].map(str::to_owned)
}

/// A sweep with all settings changed that has measured something by now.
fn sweep_under_way(stage: &mut Stage, options: &str) -> Live {
    let mut live = stage.start_with(slm_testkit::sandbox::TINY, &format!("{options} {ALL}"));
    stage.await_trials(&mut live, 3);
    assert_eq!(settings(&stage.phone), changed(), "{}", stage.stderr());
    live
}

/// What the manifest says of the phone.
fn recorded(results: &Results) -> Value {
    results.manifest()["devices"][0]["condition"].clone()
}

fn last_of(results: &Results, kind: &str) -> Value {
    let events = results.events().into_iter().rev();
    events.map(|event| event["event"].clone()).find(|event| event["type"] == kind).unwrap_or_default()
}

/// The phone is as it was, nothing of the record is left, and the results say so.
fn check_as_before(stage: &Stage, results: &Results) {
    assert_eq!(settings(&stage.phone), original(), "{}", stage.stderr());
    assert!(!stage.phone.disk().join("slm-bench/settings/restore").exists());
    let left = last_of(results, "device-left")["state"].clone();
    assert_eq!((&left["airplane_mode"], &left["stay_awake"]), (&json!(false), &json!(1)), "{left}");
    assert_eq!(left["left_changed"], json!([]));
}

#[test]
#[ignore = "needs the test phone"]
fn what_is_asked_for_is_changed_recorded_and_put_back_at_the_end() {
    let mut stage = stage();
    let ran = sweep_under_way(&mut stage, SOME).wait();
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    let results = stage.results();
    results.check_complete();
    let phone = recorded(&results);
    assert_eq!(phone["changed"], json!(NAMES));
    assert_eq!(
        (&phone["before"]["airplane_mode"], &phone["before"]["stay_awake"]),
        (&json!(false), &json!(1))
    );
    check_as_before(&stage, &results);
}

/// A download may take hours: a phone that is refused is refused before it, and one that is
/// not is left alone until it is over.
#[test]
#[ignore = "needs the test phone"]
fn while_models_are_fetched_nothing_is_changed() {
    let mut stage = stage();
    let hub = MockHub::of_checkpoint("smollm");
    let home = stage.sandbox.path("hub");
    stage.sandbox.variables.extend([("HF_ENDPOINT", PathBuf::from(hub.endpoint())), ("HF_HOME", home)]);
    let battery = stage.phone.planted("dumpsys/battery");
    stage.phone.plant("dumpsys/battery", &battery.replace("level: 78", "level: 9"));
    let options = format!("{OPTIONS} {ALL}");
    let refused = stage.start_with("hf:slow/m", &options).wait();
    assert_eq!(refused.code, Some(3), "{}", stage.stderr());
    assert!(stage.stderr().contains("the battery is at 9 %"), "{}", stage.stderr());
    assert!(hub.seen().is_empty(), "{:?}", hub.seen());

    stage.phone.plant("dumpsys/battery", &battery);
    let live = stage.start_with("hf:slow/m", &options);
    wait_until("a download", || !hub.downloads().is_empty());
    assert_eq!(settings(&stage.phone), original(), "{}", stage.stderr());
    assert_eq!(live.wait().code, Some(0), "{}", stage.stderr());
    let results = stage.results();
    results.check_complete();
    assert_eq!(recorded(&results)["changed"], json!(NAMES));
    check_as_before(&stage, &results);
}

#[test]
#[ignore = "needs the test phone"]
fn a_sweep_that_is_interrupted_puts_them_back() {
    let mut stage = stage();
    let live = sweep_under_way(&mut stage, LONG);
    signal(live.pid(), Signal::INT);
    assert_eq!(live.wait().code, Some(130), "{}", stage.stderr());
    check_as_before(&stage, &stage.results());
    assert!(!stage.phone.kill("slm-agent"), "its agent has ended");
}

#[test]
#[ignore = "needs the test phone"]
fn the_next_sweep_puts_back_what_a_killed_host_left() {
    let mut stage = stage();
    let device = stage.device();
    let mut live = sweep_under_way(&mut stage, LONG);
    signal(live.pid(), Signal::KILL);
    wait_until("the host's end", || live.has_ended());
    // Its agent works on: nobody else may touch the phone, or change its clocks.
    for words in
        [vec!["devices", "restore", "--device", &device], vec!["devices", "clean", "--device", &device]]
    {
        let refused = stage.bench(&words);
        assert_eq!(refused.code, Some(2), "{words:?}: {refused:?}");
        assert!(stage.stderr().contains("its agent runs"), "{}", stage.stderr());
    }
    assert_eq!(settings(&stage.phone), changed());
    assert!(stage.phone.kill("slm-agent"), "it worked");

    let args =
        format!("sweep --device {device} --out next --models {} {}", slm_testkit::sandbox::TINY, OPTIONS);
    let ran = stage.bench(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    assert!(stage.stderr().contains("put back what an earlier sweep had changed"), "{}", stage.stderr());
    let results = Results::named(&stage.sandbox, "next");
    let phone = recorded(&results);
    assert_eq!(phone["put_back"], json!(["fixed-performance off", "airplane-mode 0", "stay-awake 1"]));
    assert_eq!((&phone["changed"], &phone["before"]["airplane_mode"]), (&json!([]), &json!(false)));
    check_as_before(&stage, &results);
}

#[test]
#[ignore = "needs the test phone"]
fn a_resumed_sweep_measures_under_the_settings_that_it_began_with() {
    let mut stage = stage();
    let mut live = sweep_under_way(&mut stage, SOME);
    stage.kill_host_and_agent(&mut live);
    let mut live = Live::start(&stage.sandbox, &["sweep", "--resume", "out"]);
    stage.await_agent(&mut live);
    let meanwhile = (live.has_ended(), settings(&stage.phone));
    let ran = live.wait();
    assert!(ran.code == Some(0) || ran.code == Some(1), "{}", stage.stderr());
    assert!(meanwhile.0 || meanwhile.1 == changed(), "{meanwhile:?}");
    let results = stage.results();
    results.check_complete();
    let phone = last_of(&results, "device-prepared")["condition"].clone();
    assert_eq!(phone["changed"], json!(NAMES));
    assert_eq!(phone["put_back"].as_array().map(Vec::len), Some(3));
    check_as_before(&stage, &results);
    assert!(results.trials().iter().filter(|row| !row.is_completed()).count() <= 1);
}

#[test]
#[ignore = "needs the test phone"]
fn a_long_sweep_keeps_them_and_without_it_the_phone_puts_them_back_itself() {
    let mut stage = stage();
    stage.sandbox.variables.push(("SLM_PHONE_LEASE", "5s".into()));
    let mut live = sweep_under_way(&mut stage, LONG);
    let folder = stage.phone.disk().join("slm-bench/settings");
    // Until when the phone waits for word of its host, seconds since its start.
    let until =
        || fs::read_to_string(folder.join("lease")).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let first = until().expect("a lease");
    wait_until("word of the host, again and again", || until() >= Some(first + 6) || live.has_ended());
    assert!(!live.has_ended() && settings(&stage.phone) == changed(), "{}", stage.stderr());

    signal(live.pid(), Signal::KILL);
    wait_until("the host's end", || live.has_ended());
    // The lease is over, but an agent that works must not change its clocks half-way.
    thread::sleep(Duration::from_secs(7));
    assert_eq!(settings(&stage.phone), changed());
    assert!(stage.phone.kill("slm-agent"), "it works on");
    wait_until("the settings of before", || !folder.join("restore").exists());
    assert_eq!(settings(&stage.phone), original());
}

#[test]
#[ignore = "needs the test phone"]
fn cleaning_a_phone_puts_its_settings_back_first() {
    let mut stage = stage();
    let mut live = sweep_under_way(&mut stage, LONG);
    stage.kill_host_and_agent(&mut live);
    assert_eq!(settings(&stage.phone), changed());
    let profile = stage.sandbox.path("mine.toml");
    let text = "[[phone]]\nname = \"my-own\"\ntitle = \"My own\"\nram_gib = [8]\n\
                variants = [{ models = [\"SM-S921B\"], soc = \"exynos-2400\" }]\n";
    fs::write(&profile, text).expect("a profile");
    let profile = profile.display().to_string();
    assert_eq!(stage.bench(&["devices", "clean", "--device", "my-own"]).code, Some(2), "{}", stage.stderr());
    let ran = stage.bench(&["devices", "clean", "--device", "my-own", "--profile", &profile]);
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    assert!(ran.stdout.starts_with("my-own: ") && ran.stdout.trim_end().ends_with(" freed"), "{ran:?}");
    assert_eq!(settings(&stage.phone), original());
    assert!(!stage.phone.disk().join("slm-bench").exists());
    let ran = stage.bench(&["devices", "restore", "--device", "my-own", "--profile", &profile]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "my-own: nothing to put back\n"));
}

#[test]
#[ignore = "needs the test phone"]
fn airplane_mode_is_refused_where_it_would_cut_the_phone_off() {
    let stage = Stage::set(0, &[]);
    let ran = stage.start_with(slm_testkit::sandbox::TINY, &format!("{OPTIONS} {ALL}")).wait();
    assert_eq!(ran.code, Some(2), "{}", stage.stderr());
    assert!(stage.stderr().contains("would cut the Wi-Fi"), "{}", stage.stderr());
    assert!(!stage.sandbox.path("out").exists());
    assert_eq!(settings(&stage.phone), ["0", "0", "0"]);
}
