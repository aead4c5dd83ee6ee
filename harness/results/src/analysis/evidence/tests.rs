use super::*;
use proptest::prelude::*;

/// A trial of so many seconds on a Galaxy-like phone, a reading every second: its
/// prime and big clusters (4-7 and 8-9) compute, the little one idles.
struct Trial {
    id: &'static str,
    seconds: u64,
    big_mhz: f64,
    little_mhz: f64,
    busy: Option<f64>,
    status: f64,
}

const COOL: Trial =
    Trial { id: "t1", seconds: 8, big_mhz: 2_900.0, little_mhz: 400.0, busy: Some(3.9), status: 0.0 };

impl Trial {
    fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::new();
        for second in 0..=self.seconds {
            let mut push = |sensor: &str, value: f64, unit: &str| {
                samples.push(Sample {
                    unix_ns: 1_700_000_000_000_000_000 + second * 1_000_000_000,
                    trial_id: Some(self.id.to_owned()),
                    sensor: sensor.to_owned(),
                    value,
                    unit: unit.to_owned(),
                });
            };
            if second == 0 || second == self.seconds {
                push("thermal-status", self.status, "code");
            }
            if second > 0 {
                push("cpu0-3-residency", self.little_mhz, "MHz");
                push("cpu4-7-residency", self.big_mhz, "MHz");
                push("cpu0-3-busy", 0.1, "CPU");
                if let Some(busy) = self.busy {
                    push("cpu4-7-busy", busy, "CPU");
                }
            }
            push("battery-current", -1_200.0 - 10.0 * second as f64, "mA");
            push("battery-voltage", 4.0, "V");
            push("battery-temperature", 31.0 + 0.2 * second as f64, "C");
            push("battery-status", 3.0, "code");
        }
        samples
    }
}

fn options(affinity: Option<&str>, threads: u32) -> ResolvedOptions {
    ResolvedOptions {
        threads,
        flash_attention: None,
        n_ctx: 512,
        n_batch: 512,
        n_ubatch: 512,
        affinity: affinity.map(|list| list.parse().unwrap()),
        repack: None,
    }
}

fn finish(watch: &mut EvidenceCollector, trial: &Trial, options: &ResolvedOptions) -> Evidence {
    trial.samples().iter().for_each(|sample| watch.sample(sample));
    watch.finish(trial.id, Some(options))
}

#[test]
fn a_cool_phones_trial_gives_energy_and_temperature() {
    let evidence = finish(&mut EvidenceCollector::default(), &COOL, &options(Some("4-7"), 4));
    // Power rises linearly from 4.8 W to 5.12 W over 8 s.
    assert!((evidence.energy_j.unwrap() - 8.0 * (4.8 + 5.12) / 2.0).abs() < 1e-9, "{evidence:?}");
    assert!((evidence.battery_temp_c.unwrap() - 32.6).abs() < 1e-9);
    assert_eq!(evidence.thermal_status, Some(ThermalStatus::None));
    assert!(evidence.slowed.is_empty());
}

#[test]
fn a_cluster_that_computes_slower_than_before_is_seen_and_an_idle_one_is_not() {
    let (mut watch, options) = (EvidenceCollector::default(), options(Some("4-7"), 4));
    finish(&mut watch, &COOL, &options);
    let within = Trial { id: "t2", big_mhz: 2_650.0, little_mhz: 300.0, ..COOL };
    assert!(finish(&mut watch, &within, &options).slowed.is_empty(), "8.6 % is within the tolerance");
    let hot = Trial { id: "t3", big_mhz: 2_100.0, little_mhz: 300.0, ..COOL };
    let slowed = finish(&mut watch, &hot, &options).slowed;
    let expected = Slowed { cpus: "4-7".parse().unwrap(), mean_mhz: 2_100.0, reference_mhz: 2_900.0 };
    assert_eq!(slowed, [expected], "the reference is the best trial, not the last one");
    let all = ResolvedOptions { affinity: None, ..options };
    let slowed = finish(&mut watch, &Trial { id: "t4", little_mhz: 100.0, ..COOL }, &all).slowed;
    assert!(slowed.is_empty(), "the little cluster idles: {slowed:?}");
}

#[test]
fn clusters_are_judged_only_where_it_is_known_that_they_computed() {
    let mut watch = EvidenceCollector::default();
    let (some, all) = (options(Some("4-7"), 2), options(Some("4-7"), 4));
    finish(&mut watch, &COOL, &all);
    let hot = Trial { id: "t2", big_mhz: 1_500.0, ..COOL };
    assert!(finish(&mut watch, &Trial { busy: Some(0.3), ..hot }, &all).slowed.is_empty());
    assert!(finish(&mut watch, &Trial { busy: None, ..hot }, &some).slowed.is_empty());
    assert_eq!(finish(&mut watch, &Trial { busy: None, ..hot }, &all).slowed.len(), 1);
    assert!(finish(&mut watch, &Trial { ..hot }, &options(Some("0-3"), 4)).slowed.is_empty());
    assert!(watch.finish("t9", Some(&all)).slowed.is_empty());
}

#[test]
fn short_trials_say_nothing_of_clocks() {
    let (mut watch, options) = (EvidenceCollector::default(), options(Some("4-7"), 4));
    finish(&mut watch, &COOL, &options);
    let mut samples = Trial { id: "t2", big_mhz: 900.0, seconds: 1, ..COOL }.samples();
    for sample in &mut samples {
        sample.unix_ns = sample.unix_ns.min(1_700_000_000_900_000_000);
    }
    for sample in &samples {
        watch.sample(sample);
    }
    assert!(watch.finish("t2", Some(&options)).slowed.is_empty());
}

#[test]
fn the_worst_thermal_status_counts() {
    let evidence =
        finish(&mut EvidenceCollector::default(), &Trial { status: 2.0, ..COOL }, &options(None, 4));
    assert_eq!(evidence.thermal_status, Some(ThermalStatus::Moderate));
}

#[test]
fn energy_is_known_only_while_the_battery_alone_gives_it() {
    let why = |change: &dyn Fn(&mut Vec<Sample>)| {
        let mut samples = COOL.samples();
        change(&mut samples);
        energy(&samples).unwrap_err()
    };
    let drop = |sensor: &'static str| move |samples: &mut Vec<Sample>| samples.retain(|s| s.sensor != sensor);
    assert_eq!(why(&Vec::clear), NoEnergy::NoBattery);
    assert_eq!(why(&drop("battery-status")), NoEnergy::UnknownStatus);
    assert_eq!(why(&drop("battery-current")), NoEnergy::NoCurrent);
    assert_eq!(why(&drop("battery-voltage")), NoEnergy::NoCurrent);
    let charging = |samples: &mut Vec<Sample>| {
        samples.iter_mut().rfind(|s| s.sensor == "battery-status").unwrap().value = 2.0;
    };
    assert_eq!(why(&charging), NoEnergy::PluggedIn);
    let plugged = |samples: &mut Vec<Sample>| {
        let first = samples[0].clone();
        samples.push(Sample { sensor: "battery-plugged".into(), value: 1.0, ..first });
    };
    assert_eq!(why(&plugged), NoEnergy::PluggedIn);
    let short = |samples: &mut Vec<Sample>| {
        let first = samples[0].unix_ns;
        samples.retain(|s| s.unix_ns == first || s.unix_ns == first + 8_000_000_000);
    };
    assert_eq!(why(&short), NoEnergy::TooShort);
}

proptest! {
    #[test]
    fn constant_power_gives_power_times_time(
        gaps in proptest::collection::vec(1_000_000u64..5_000_000_000, 3..60), ma in 50.0f64..9_000.0, volts in 3.0f64..9.0
    ) {
        let mut at = 0;
        let mut samples = Vec::new();
        for gap in &gaps {
            at += gap;
            for (sensor, value) in [("battery-current", -ma), ("battery-voltage", volts), ("battery-status", 3.0)] {
                samples.push(Sample { unix_ns: at, trial_id: None, sensor: sensor.into(), value, unit: String::new() });
            }
        }
        let seconds = gaps[1..].iter().sum::<u64>() as f64 / 1e9;
        let expected = ma / 1e3 * volts * seconds;
        prop_assert!((energy(&samples).unwrap() - expected).abs() <= 1e-9 * expected);
    }

    #[test]
    fn no_readings_make_it_panic(
        readings in proptest::collection::vec((any::<u64>(), "(cpu|battery-)(4-7|status|current|x)?(-residency|-busy)?", any::<f64>()), 0..40)
    ) {
        let mut watch = EvidenceCollector::default();
        for (unix_ns, sensor, value) in readings {
            watch.sample(&Sample { unix_ns, trial_id: Some("t".into()), sensor, value, unit: String::new() });
        }
        let _ = watch.finish("t", Some(&options(None, 4)));
    }
}
