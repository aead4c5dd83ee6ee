//! Heat and energy in sweeps on a phone, by planted sensors that the agent there reads.

use serde_json::Value;
use slm_testkit::{phone::Stage, processes::wait_until, results::Row};

const BIG_CORES: &str = "sys/class/thermal/thermal_zone0/temp";

fn waits(stage: &Stage) -> Vec<Value> {
    let events = stage.results().events().into_iter().map(|event| event["event"].clone());
    events.filter(|event| event["type"] == "cool-down").map(|event| event["report"].clone()).collect()
}

#[test]
#[ignore = "needs the test phone"]
fn a_hot_phone_is_waited_for_until_it_is_cool() {
    let stage = Stage::set(0, &[]);
    stage.phone.plant(BIG_CORES, "52000\n");
    let mut live = stage.start_with(
        slm_testkit::sandbox::TINY,
        "--chunks 0 --runs 1 --repetitions 1 --max-new-tokens 8 --threads 1 --cool-to 45C",
    );
    stage.await_agent(&mut live);
    wait_until("the model", || stage.stderr().contains("loaded in"));
    assert!(stage.results().torn_csv("trials.csv").is_empty(), "it begins cool only");
    stage.phone.plant(BIG_CORES, "44000\n");
    assert_eq!(live.wait().code, Some(0), "{}", stage.stderr());
    stage.results().check_complete();
    let waits = waits(&stage);
    let [wait] = waits.as_slice() else { panic!("{waits:?}") };
    assert_eq!((&wait["reached"], &wait["sensor"]), (&true.into(), &"thermal-BIG".into()), "{wait}");
    assert_eq!((wait["from_c"].as_f64(), wait["limit_c"].as_f64()), (Some(52.0), Some(45.0)));
    assert!(wait["to_c"].as_f64() <= Some(45.0) && wait["waited_ms"].as_u64() >= Some(500), "{wait}");
    assert!(stage.results().trials().iter().all(|row| !row.get("verdict_reason").contains("cool-down")));
}

#[test]
#[ignore = "needs the test phone"]
fn a_phone_that_stays_hot_is_measured_at_the_time_out_and_its_rows_say_so() {
    let stage = Stage::set(0, &[]);
    stage.phone.plant(BIG_CORES, "52000\n");
    let options = "--chunks 0 --runs 1 --repetitions 1 --max-new-tokens 8 --threads 1 --cool-to 45C --cool-timeout 300ms";
    assert_eq!(
        stage.start_with(slm_testkit::sandbox::TINY, options).wait().code,
        Some(0),
        "{}",
        stage.stderr()
    );
    stage.results().check_complete();
    assert!(stage.stderr().contains("from 52.0 to 52.0 C, still too hot"), "{}", stage.stderr());
    let trials = stage.results().trials();
    for row in &trials {
        assert_eq!(row.get("verdict"), "suspect", "{row:?}");
        let reason = row.get("verdict_reason");
        assert!(reason.contains("began at 52.0 C (thermal-BIG), not at 45.0 C"), "{reason}");
    }
    let waits = waits(&stage);
    assert_eq!(waits.len(), trials.len());
    assert!(waits.iter().all(|wait| wait["reached"] == false && wait["waited_ms"].as_u64() >= Some(300)));
}

/// Trials long enough for some readings.
const READINGS: &str =
    "--chunks 0 --runs 1 --repetitions 1 --max-new-tokens 150 --threads 1 --telemetry-interval 50ms";

#[test]
#[ignore = "needs the test phone"]
fn energy_is_measured_on_battery_and_empty_with_its_reason_on_a_charger() {
    let stage = Stage::set(0, &[]);
    assert_eq!(
        stage.start_with(slm_testkit::sandbox::TINY, READINGS).wait().code,
        Some(0),
        "{}",
        stage.stderr()
    );
    let results = stage.results();
    for row in results.trials() {
        let number = |column: &str| row.number(column).unwrap_or_else(|| panic!("no {column}: {row:?}"));
        // 0.412 A at 4.012 V, over the trial and the moments between it and the readings around it.
        let (watts, joules, seconds) = (0.412 * 4.012, number("energy_j"), number("runtime_s"));
        assert!(joules >= watts * seconds && joules < watts * (seconds + 2.0), "{joules} J in {seconds} s");
        assert_eq!(row.get("battery_temp_c"), "28.1");
    }
    assert!(results.csv("summary.csv").iter().all(|cell| cell.number("energy_j_per_token") > Some(0.0)));
    assert!(!stage.stderr().contains("Energy of"), "{}", stage.stderr());

    let battery = stage.phone.planted("dumpsys/battery").replace("USB powered: false", "USB powered: true");
    stage.phone.plant("dumpsys/battery", &battery.replace("status: 3", "status: 2"));
    stage.phone.plant("sys/class/power_supply/battery/status", "Charging\n");
    stage.phone.plant("sys/class/power_supply/usb/online", "1\n");
    let device = stage.device();
    let args =
        format!("sweep --device {device} --out plugged --models {} {READINGS}", slm_testkit::sandbox::TINY);
    let ran = stage.bench(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    let results = slm_testkit::results::Results::named(&stage.sandbox, "plugged");
    assert!(results.trials().iter().all(|row: &Row| row.is_completed() && row.get("energy_j").is_empty()));
    assert!(results.csv("summary.csv").iter().all(|cell| cell.get("energy_j_per_token").is_empty()));
    let trials = results.trials().len();
    let said = format!("Energy of {trials} trials on {device} is not known: the battery was charging");
    assert!(stage.stderr().contains(&said), "{}", stage.stderr());
}
