//! What phones of several makers say: `harness/testkit/phones.toml`, whose facts are from
//! public reports.

use super::{android, thermal};
use std::{collections::BTreeMap, fs};
use toml::{Table, Value};

const CASES: &str = include_str!("../../../harness/testkit/phones.toml");

fn phones() -> Vec<Table> {
    let cases: Table = CASES.parse().expect("the cases are TOML");
    cases["phone"].as_array().unwrap().iter().map(|phone| phone.as_table().unwrap().clone()).collect()
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// What `dumpsys thermalservice` prints, in the form of Android 10 and newer.
fn dump(thermal: &Table) -> String {
    let block = |heading: &str, at: usize| {
        let sensor = |sensor: &Value| {
            let (name, kind, value) = (
                sensor[0].as_str().unwrap(),
                sensor[1].as_integer().unwrap(),
                sensor[at].as_float().unwrap(),
            );
            format!("\tTemperature{{mValue={value:?}, mType={kind}, mName={name}, mStatus=0}}\n")
        };
        let sensors = thermal["sensors"].as_array().unwrap().iter().map(sensor).collect::<String>();
        format!("{heading}:\n{sensors}")
    };
    let mut text = format!("IsStatusOverride: false\nThermal Status: 0\n{}", block("Cached temperatures", 2));
    if thermal["hal_ready"].as_bool() == Some(true) {
        text += "HAL Ready: true\nHAL connection:\n\tThermalHAL AIDL 1  connected: yes\n";
        text += &block("Current temperatures from HAL", 3);
        text += "Current cooling devices from HAL:\n\tCoolingDevice{mValue=1, mType=2, mName=cpu0}\n";
        text += "Temperature static thresholds from HAL:\n\tTemperatureThreshold{mType=3, mName=SKIN, mHotThrottlingThresholds=[NaN, 40.0]}\n";
    } else {
        text += "HAL Ready: false\n";
    }
    text
}

#[test]
fn thermal_services() {
    let mut tried = 0;
    for phone in phones() {
        let Some(thermal) = phone.get("thermal").and_then(Value::as_table) else { continue };
        let found = android::thermal(&dump(thermal));
        let expected = thermal["expected"].as_table().unwrap();
        let expected: BTreeMap<&str, f64> =
            expected.iter().map(|(name, value)| (name.as_str(), value.as_float().unwrap())).collect();
        let temperatures: BTreeMap<&str, f64> =
            found.temperatures.iter().map(|(name, degrees)| (name.as_str(), *degrees)).collect();
        assert_eq!(temperatures, expected, "{:?}", phone["name"]);
        let left_out: Vec<&str> =
            found.left_out.iter().map(|left| left.split_once(" (").unwrap().0).collect();
        assert_eq!(left_out, words(&thermal["left_out"]), "{:?}", phone["name"]);
        tried += 1;
    }
    assert!(tried >= 9, "{tried}");
}

#[test]
fn thermal_zones() {
    let mut tried = 0;
    for phone in phones() {
        let Some(zones) = phone.get("zones").and_then(Value::as_table) else { continue };
        let sys = tempfile::tempdir().unwrap();
        for (number, zone) in zones["planted"].as_array().unwrap().iter().enumerate() {
            let folder = sys.path().join(format!("class/thermal/thermal_zone{number}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("type"), zone[0].as_str().unwrap()).unwrap();
            fs::write(folder.join("temp"), zone[1].as_str().unwrap()).unwrap();
        }
        let found = thermal::zones(sys.path());
        let read: Vec<(&str, f64)> =
            found.all.iter().filter_map(|zone| Some((zone.name.as_str(), zone.read()?))).collect();
        let expected = zones["expected"].as_array().unwrap().iter();
        let expected: Vec<(&str, f64)> =
            expected.map(|zone| (zone[0].as_str().unwrap(), zone[1].as_float().unwrap())).collect();
        assert_eq!(read, expected, "{:?}", phone["name"]);
        let left_out: Vec<&str> =
            found.left_out.iter().map(|left| left.split_once(" (").unwrap().0).collect();
        assert_eq!(left_out, words(&zones["left_out"]), "{:?}", phone["name"]);
        tried += 1;
    }
    assert!(tried >= 4, "{tried}");
}

#[test]
fn batteries() {
    let mut tried = 0;
    for phone in phones() {
        let Some(battery) = phone.get("battery").and_then(Value::as_table) else { continue };
        let lines = words(&battery["lines"]).join("\n  ");
        let found = android::dumped_battery(&format!("Current Battery Service state:\n  {lines}\n"));
        let number = |name: &str| battery.get(name).and_then(Value::as_float);
        assert_eq!(found.level, number("percent"), "{:?}", phone["name"]);
        assert_eq!(found.temperature, number("celsius"), "{:?}", phone["name"]);
        assert_eq!(found.voltage, number("volts"), "{:?}", phone["name"]);
        tried += 1;
    }
    assert!(tried >= 4, "{tried}");
}
