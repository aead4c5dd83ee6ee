//! Phones whose tools are missing, or say something else than they should: a value is unknown then, with a remark,
//! and no sweep ends by it.

use slm_testkit::{
    phone::{OPTIONS, Stage},
    results::Row,
    sandbox::TINY,
};
use std::fs;

/// What the manifest has of the device's condition.
fn condition(stage: &Stage) -> serde_json::Value {
    stage.results().manifest()["devices"][0]["condition"].clone()
}

fn check_measured(stage: &Stage, code: i32) {
    assert_eq!(code, 0, "{}", stage.stderr());
    let results = stage.results();
    results.check_complete();
    assert!(results.trials().iter().all(Row::is_completed));
    assert_eq!(stage.left_behind(), "", "left on the phone");
}

#[test]
#[ignore = "needs the test phone"]
fn a_phone_without_most_tools_is_measured_and_its_values_are_unknown() {
    let stage = Stage::set(0, &[]);
    stage.phone.program("dumpsys", None);
    stage.phone.program("settings", None);
    for file in ["capacity", "temp"] {
        fs::remove_file(stage.phone.file(&format!("sys/class/power_supply/battery/{file}")))
            .expect("the file");
    }
    let ran = stage.sweep();
    check_measured(&stage, ran.code.unwrap_or(-1));
    let words = "does not tell its battery level, battery temperature, thermal status";
    assert!(stage.stderr().contains(words), "{}", stage.stderr());
    let before = condition(&stage)["before"].clone();
    for unknown in ["battery_percent", "battery_temp_c", "thermal_status", "stay_awake"] {
        assert!(before.get(unknown).is_none(), "{unknown}: {before}");
    }
    // Said in the report too.
    let ran = stage.bench(&["report", "out"]);
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    let report = fs::read_to_string(stage.sandbox.path("reports/out/report.md")).expect("the report");
    assert!(report.contains("does not tell its battery level"), "{report}");
}

#[test]
#[ignore = "needs the test phone"]
fn the_kernel_tells_of_an_empty_and_hot_battery_where_dumpsys_is_missing() {
    let stage = Stage::set(0, &[]);
    stage.phone.program("dumpsys", None);
    stage.phone.plant("sys/class/power_supply/battery/capacity", "4\n");
    stage.phone.plant("sys/class/power_supply/battery/temp", "610\n");
    let ran = stage.sweep();
    assert_eq!(ran.code, Some(3), "{}", stage.stderr());
    assert!(stage.stderr().contains("the battery is at 4 % and not charging"), "{}", stage.stderr());
    assert!(stage.stderr().contains("its battery is at 61.0 °C"), "{}", stage.stderr());
}

#[test]
#[ignore = "needs the test phone"]
fn a_setting_that_is_not_told_is_not_changed_and_holds_up_nothing() {
    for settings in [None, Some("exit 1"), Some("exec sleep 60")] {
        let stage = Stage::set(0, &["--cable"]);
        stage.phone.plant("settings/global/stay_on_while_plugged_in", "3\n");
        stage.phone.program("settings", settings);
        let ran = stage.start_with(TINY, &format!("{OPTIONS} --stay-awake")).wait();
        assert_eq!(ran.code, Some(2), "{settings:?}: {}", stage.stderr());
        assert!(stage.stderr().contains("leave out --stay-awake"), "{}", stage.stderr());
        assert_eq!(stage.phone.setting("stay_on_while_plugged_in"), "3");
        let device = stage.device();
        for args in [["devices", "restore"], ["devices", "clean"]] {
            let ran = stage.bench(&[args[0], args[1], "--device", &device]);
            assert_eq!(ran.code, Some(0), "{settings:?} {args:?}: {}", stage.stderr());
        }
        if settings != Some("exec sleep 60") {
            let ran = stage.sweep();
            check_measured(&stage, ran.code.unwrap_or(-1));
        }
        assert_eq!(stage.phone.setting("stay_on_while_plugged_in"), "3");
    }
}

#[test]
#[ignore = "needs the test phone"]
fn what_cannot_be_put_back_can_be_given_up() {
    let mut stage = Stage::set(0, &["--cable"]);
    stage.phone.plant("settings/global/stay_on_while_plugged_in", "1\n");
    let long = "--chunks 0 --runs 1 --repetitions 400 --max-new-tokens 60 --threads 1 --stay-awake";
    let mut live = stage.start_with(TINY, long);
    stage.await_trials(&mut live, 3);
    stage.kill_host_and_agent(&mut live);
    stage.phone.program("settings", Some("exit 1"));
    let device = stage.device();
    let bench = |args: &[&str]| stage.bench(&[args, &["--device", &device]].concat());
    assert_eq!(bench(&["devices", "restore"]).code, Some(3), "{}", stage.stderr());
    assert!(
        stage.stderr().contains("stay-awake 1") && stage.stderr().contains("--forget"),
        "{}",
        stage.stderr()
    );
    let ran = bench(&["devices", "clean", "--forget"]);
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    assert!(ran.stdout.contains("given up") && ran.stdout.contains("stay-awake 1"), "{ran:?}");
    assert_eq!(bench(&["devices", "restore"]).code, Some(0), "{}", stage.stderr());
}

#[test]
#[ignore = "needs the test phone"]
fn one_phone_named_twice_is_refused_before_anything_else() {
    let stage = Stage::set(0, &[]);
    for (devices, words) in [
        (format!("s24,{}", stage.device()), "are the same phone"),
        ("s24,S24".to_owned(), "names s24 twice"),
        (format!("{0},{0}", stage.device()), "twice"),
    ] {
        for dry in [&["--dry-run"][..], &[]] {
            let args = [&["sweep", "--device", &devices, "--out", "out", "--backend", "null"], dry].concat();
            let ran = stage.bench(&args);
            assert_eq!(ran.code, Some(2), "{devices}: {}", stage.stderr());
            assert!(stage.stderr().contains(words), "{devices}: {}", stage.stderr());
            assert!(!stage.sandbox.path("out").exists());
        }
    }
}

#[test]
#[ignore = "needs the test phone"]
fn a_profile_that_does_not_fit_is_said_so() {
    let stage = Stage::set(0, &[]);
    // Its last core is of another design, and no core tells its clock.
    let cpuinfo = stage.phone.planted("proc/cpuinfo").replace("0xd82", "0xd05");
    stage.phone.plant("proc/cpuinfo", &cpuinfo);
    for policy in [0, 4, 7, 9] {
        let file = format!("sys/devices/system/cpu/cpufreq/policy{policy}/cpuinfo_max_freq");
        fs::remove_file(stage.phone.file(&file)).expect("the clock");
    }
    let args = "sweep --device s24 --out out --backend null --chunks 0 --runs 1 --repetitions 1";
    assert_eq!(stage.bench(&args.split(' ').collect::<Vec<_>>()).code, Some(0), "{}", stage.stderr());
    assert!(stage.stderr().contains("are not those of the profile"), "{}", stage.stderr());
}
