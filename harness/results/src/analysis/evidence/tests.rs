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
    let expected = Slowed {
        cpus: "4-7".parse().unwrap(),
        mhz: 2_100.0,
        reference_mhz: 2_900.0,
        below: SlowedBelow::Earlier,
    };
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

/// A trial of so many milliseconds whose clocks are read every 50 ms and rise within the first 150.
fn short(id: &str, ms: u64, mhz: f64) -> Vec<Sample> {
    let mut samples = Vec::new();
    for at in (0..ms).step_by(50).chain([ms]) {
        let clock = if at <= 150 { mhz / 2.0 } else { mhz };
        for (sensor, value) in
            [("cpu4-7-frequency", clock), ("cpu4-7-residency", clock), ("cpu4-7-busy", 3.9)]
        {
            if at > 0 || sensor == "cpu4-7-frequency" {
                let (unix_ns, unit) = (1_700_000_000_000_000_000 + at * 1_000_000, String::new());
                samples.push(Sample {
                    unix_ns,
                    trial_id: Some(id.into()),
                    sensor: sensor.into(),
                    value,
                    unit,
                });
            }
        }
    }
    samples
}

fn big(max_khz: u64, held_khz: Option<u64>) -> Cluster {
    Cluster { cpus: "4-7".parse().unwrap(), max_khz, held_khz }
}

fn of_samples(watch: &mut EvidenceCollector, id: &str, samples: &[Sample]) -> Evidence {
    for sample in samples {
        watch.sample(sample);
    }
    let mut evidence = watch.finish(id, Some(&options(Some("4-7"), 4)));
    // Means are sums of parts.
    for slowed in &mut evidence.slowed {
        (slowed.mhz, slowed.reference_mhz) = (slowed.mhz.round(), slowed.reference_mhz.round());
    }
    evidence
}

/// The same trial, judged after a cool one and without knowledge of its cores.
fn after_cool(ms: u64, mhz: f64) -> Evidence {
    let mut watch = EvidenceCollector::default();
    let first = of_samples(&mut watch, "t1", &short("t1", ms.max(400), 2_900.0));
    assert!(!first.clocks_known, "nothing to hold the first against");
    of_samples(&mut watch, "t2", &short("t2", ms, mhz))
}

/// In what the big cluster was slowed.
fn slowed(mhz: f64, reference_mhz: f64, below: SlowedBelow) -> Vec<Slowed> {
    vec![Slowed { cpus: "4-7".parse().unwrap(), mhz, reference_mhz, below }]
}

#[test]
fn short_trials_are_judged_without_the_time_in_which_clocks_rise() {
    for ms in [400, 600, 900] {
        let cool = after_cool(ms, 2_900.0);
        assert_eq!((cool.slowed, cool.clocks_known), (Vec::new(), true), "{ms} ms");
        let hot = after_cool(ms, 2_100.0);
        assert_eq!(
            (hot.slowed, hot.clocks_known),
            (slowed(2_100.0, 2_900.0, SlowedBelow::Earlier), true),
            "{ms} ms"
        );
    }
    for ms in [10, 50, 90] {
        let tiny = after_cool(ms, 900.0);
        assert_eq!((tiny.slowed, tiny.clocks_known), (Vec::new(), false), "{ms} ms are too short to tell");
    }
}

#[test]
fn a_trial_read_only_around_it_is_judged_with_room_for_the_rise() {
    let around = |id: &str, ms: u64, mhz: f64| {
        let mut samples = short(id, ms, mhz);
        let last = samples.last().unwrap().unix_ns;
        samples.retain(|sample| sample.unix_ns == last || sample.unix_ns == 1_700_000_000_000_000_000);
        samples
    };
    let mut watch = EvidenceCollector::default();
    of_samples(&mut watch, "t1", &around("t1", 900, 2_900.0));
    let within = of_samples(&mut watch, "t2", &around("t2", 900, 2_500.0));
    assert_eq!((within.slowed, within.clocks_known), (Vec::new(), true));
    let hot = of_samples(&mut watch, "t3", &around("t3", 900, 1_800.0));
    assert_eq!(hot.slowed, slowed(1_800.0, 2_900.0, SlowedBelow::Earlier));
    let starved = of_samples(&mut watch, "t4", &around("t4", 250, 900.0));
    assert_eq!(
        (starved.slowed, starved.clocks_known),
        (Vec::new(), false),
        "a short trial without readings within"
    );
}

#[test]
fn a_cluster_that_is_slow_from_the_start_is_held_against_what_its_cores_can_hold() {
    let of = |clusters: &[Cluster], lowered: bool, mhz: f64| {
        let mut watch = EvidenceCollector::default();
        watch.clusters(clusters, lowered);
        let evidence = of_samples(&mut watch, "t1", &short("t1", 600, mhz));
        (evidence.slowed, evidence.clocks_known)
    };
    let phone = [big(2_900_000, Some(2_900_000))];
    assert_eq!(of(&phone, false, 2_100.0), (slowed(2_100.0, 2_900.0, SlowedBelow::Maximum), true));
    assert_eq!(of(&phone, false, 2_600.0), (Vec::new(), true), "10 % below is a governor's");
    assert_eq!(of(&phone, true, 2_100.0), (Vec::new(), false), "the sweep itself had it lowered");
    assert_eq!(of(&[], false, 2_100.0), (Vec::new(), false), "what they can hold is not known");
    let laptop = [big(4_800_000, Some(2_400_000))];
    assert_eq!(of(&laptop, false, 3_300.0), (Vec::new(), true), "few cores reach the highest frequency");
    assert_eq!(of(&laptop, false, 1_900.0), (slowed(1_900.0, 2_400.0, SlowedBelow::Maximum), true));
    let untold = [big(4_800_000, None)];
    assert_eq!(of(&untold, false, 3_300.0), (Vec::new(), false), "a single core's turbo is no reference");
}

#[test]
fn clocks_that_are_lowered_in_between_are_not_held_against_those_before() {
    let phone = [big(2_900_000, Some(2_900_000))];
    let mut watch = EvidenceCollector::default();
    watch.clusters(&phone, false);
    of_samples(&mut watch, "t1", &short("t1", 600, 2_900.0));
    watch.clusters(&phone, true);
    assert_eq!(of_samples(&mut watch, "t2", &short("t2", 600, 2_100.0)).slowed, []);
    let hot = of_samples(&mut watch, "t3", &short("t3", 600, 1_500.0));
    assert_eq!(hot.slowed, slowed(1_500.0, 2_100.0, SlowedBelow::Earlier));
}

#[test]
fn a_limit_below_what_cores_can_hold_is_told_and_moments_count_where_nothing_else_does() {
    let limited = |cluster: Cluster| {
        let mut watch = EvidenceCollector::default();
        watch.clusters(&[cluster], false);
        let mut samples = short("t1", 600, 2_600.0);
        samples.push(Sample { sensor: "cpu4-7-limit".into(), value: 2_550.0, ..samples[0].clone() });
        of_samples(&mut watch, "t1", &samples).slowed
    };
    let phone = limited(big(2_900_000, Some(2_900_000)));
    assert_eq!(phone, slowed(2_550.0, 2_900.0, SlowedBelow::MaximumByLimit));
    assert_eq!(limited(big(4_800_000, None)), []);
    let moments = |held: Option<u64>, mhz: f64| {
        let mut watch = EvidenceCollector::default();
        watch.clusters(&[big(4_800_000, held)], false);
        let mut samples = short("t1", 600, mhz);
        samples.retain(|sample| !sample.sensor.ends_with("-residency"));
        let evidence = of_samples(&mut watch, "t1", &samples);
        (evidence.slowed, evidence.clocks_known)
    };
    assert_eq!(moments(None, 1_000.0), (Vec::new(), false));
    assert_eq!(
        moments(Some(4_800_000), 1_000.0),
        (Vec::new(), false),
        "against the highest they say nothing"
    );
    assert_eq!(moments(Some(2_400_000), 3_000.0), (Vec::new(), true));
    assert_eq!(moments(Some(2_400_000), 1_500.0), (slowed(1_500.0, 2_400.0, SlowedBelow::Maximum), true));
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
