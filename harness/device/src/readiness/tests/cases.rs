//! What phones of several makers say: `harness/testkit/phones.toml`, whose facts are from
//! public reports.

use super::*;
use crate::profile::{Flavour, Identity, read_cores};
use std::fmt::Write;
use toml::{Table, Value};

const CASES: &str = include_str!("../../../../testkit/phones.toml");

fn phones() -> Vec<Table> {
    let cases: Table = CASES.parse().unwrap();
    cases["phone"].as_array().unwrap().iter().map(|phone| phone.as_table().unwrap().clone()).collect()
}

fn of<'a>(phone: &'a Table, kind: &str) -> Option<&'a Table> {
    phone.get(kind)?.as_table()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn there_are_enough_of_them() {
    let phones = phones();
    let makers: std::collections::BTreeSet<&str> =
        phones.iter().map(|phone| phone["maker"].as_str().unwrap()).collect();
    assert!(phones.len() >= 12 && makers.len() >= 6, "{} of {makers:?}", phones.len());
    assert!(phones.iter().all(|phone| !words(&phone["sources"]).is_empty()));
}

#[test]
fn batteries() {
    for phone in phones() {
        let Some(battery) = of(&phone, "battery") else { continue };
        let lines = words(&battery["lines"]).join("\n  ");
        let text = format!("@@battery\nCurrent Battery Service state:\n  {lines}\n@@end\n");
        let state = parse::parse(&text).unwrap();
        let number = |name: &str| battery.get(name).and_then(Value::as_float);
        let name = &phone["name"];
        assert_eq!(state.battery_percent, number("percent"), "{name:?}");
        assert_eq!(state.battery_temp_c, number("celsius"), "{name:?}");
        assert_eq!(state.battery_voltage_v, number("volts"), "{name:?}");
        assert_eq!(state.charging, battery.get("charging").and_then(Value::as_bool), "{name:?}");
    }
}

#[test]
fn thermal_services() {
    for phone in phones() {
        let Some(thermal) = of(&phone, "thermal") else { continue };
        let block = |heading: &str, at: usize| {
            let sensor = |sensor: &Value| {
                let (name, kind) = (sensor[0].as_str().unwrap(), sensor[1].as_integer().unwrap());
                let value = sensor[at].as_float().unwrap();
                format!("\tTemperature{{mValue={value:?}, mType={kind}, mName={name}, mStatus=0}}\n")
            };
            let sensors = thermal["sensors"].as_array().unwrap().iter().map(sensor).collect::<String>();
            format!("{heading}:\n{sensors}")
        };
        let live = if thermal["hal_ready"].as_bool() == Some(true) {
            format!("HAL Ready: true\n{}", block("Current temperatures from HAL", 3))
        } else {
            "HAL Ready: false\n".to_owned()
        };
        let text = format!("@@thermal\nThermal Status: 0\n{}{live}@@end\n", block("Cached temperatures", 2));
        let state = parse::parse(&text).unwrap();
        let number = |name: &str| thermal.get(name).and_then(Value::as_float);
        assert_eq!(state.thermal_status, Some(ThermalStatus::None), "{:?}", phone["name"]);
        assert_eq!(
            (state.cpu_temp_c, state.skin_temp_c),
            (number("cpu_c"), number("skin_c")),
            "{:?}",
            phone["name"]
        );
    }
}

/// `/proc/cpuinfo` in the form of arm64 kernels; older ones tell the design once, at the end.
fn cpuinfo(cpu: &Table) -> String {
    let features = cpu["features"].as_str().unwrap();
    let listed_once = cpu.get("listed_once").is_some();
    let (mut text, mut number) = ("Processor\t: AArch64 Processor rev 4 (aarch64)\n".to_owned(), 0);
    for kind in cpu["cores"].as_array().unwrap() {
        let (implementer, part) = (kind[0].as_str().unwrap(), kind[1].as_str().unwrap());
        let design = format!(
            "BogoMIPS\t: 38.40\nFeatures\t: {features}\nCPU implementer\t: {implementer}\nCPU architecture: 8\n\
             CPU variant\t: 0x0\nCPU part\t: {part}\nCPU revision\t: 4\n\n"
        );
        for _ in 0..kind[2].as_integer().unwrap() {
            let _ = writeln!(text, "processor\t: {number}");
            text += if listed_once { "" } else { &design };
            number += 1;
        }
        text += if listed_once { &design } else { "" };
    }
    text + "Hardware\t: Qualcomm Technologies, Inc\n"
}

#[test]
fn cores() {
    for phone in phones() {
        let Some(cpu) = of(&phone, "cpu") else { continue };
        let fake = TestPhone::new();
        fake.write("proc/cpuinfo", &cpuinfo(cpu));
        // The script reads the files of the system: here those of a folder.
        fake.program("grep", "for file; do :; done; exec /usr/bin/grep \"$1\" \"$2\" \"$HERE/proc/cpuinfo\"");
        let reported = read_cores(&fake).unwrap();
        // This machine's own CPUs are in the answer, without a design.
        let named = reported.clusters.iter().filter(|cluster| cluster.core != "unknown core");
        let clusters: Vec<String> =
            named.map(|cluster| format!("{} {}", cluster.cpus, cluster.core)).collect();
        assert_eq!(clusters, words(&cpu["expected"]), "{:?}", phone["name"]);
        let flavour = reported.flavour.map(Flavour::name);
        assert_eq!(flavour, cpu["flavour"].as_str(), "{:?}", phone["name"]);
    }
}

#[test]
fn properties() {
    for phone in phones() {
        let Some(properties) = of(&phone, "properties") else { continue };
        let fake = TestPhone::new();
        let case =
            |(name, value): (&String, &Value)| format!("{name}) echo '{}';; ", value.as_str().unwrap());
        let cases: String = properties.iter().map(case).collect();
        fake.program("getprop", &format!("case $1 in {cases} esac"));
        let identity = Identity::read(&fake).unwrap();
        assert_eq!(identity.label(), phone["label"].as_str().unwrap());
        assert_eq!(identity.fingerprint, None);
    }
}
