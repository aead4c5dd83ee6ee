//! Heat, clocks and energy in whole sweeps, through the real agent on a planted `/sys`.

use slm_testkit::{
    results::{Results, Row},
    sandbox::{Ran, Sandbox, TINY, run},
};
use std::{
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A sandbox whose agent sees a planted phone.
struct Phone {
    sandbox: Sandbox,
}

impl Phone {
    /// Discharging at 1.2 A and 4 V, cool.
    fn new() -> Self {
        let phone = Self { sandbox: Sandbox::new() };
        phone.put("sys/class/thermal/thermal_zone0/type", "cpu-1-0-usr");
        phone.put("sys/class/thermal/thermal_zone0/temp", "33000");
        let battery = [
            ("type", "Battery"),
            ("status", "Discharging"),
            ("current_now", "1200000"),
            ("voltage_now", "4000000"),
            ("temp", "298"),
        ];
        for (file, text) in battery {
            phone.put(&format!("sys/class/power_supply/battery/{file}"), text);
        }
        phone.put("proc/loadavg", "0.1 0.1 0.1 1/100 1");
        phone
    }

    fn path(&self, path: &str) -> PathBuf {
        self.sandbox.path("root").join(path)
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("the folder is made");
        fs::write(path, format!("{text}\n")).expect("the file is written");
    }

    /// A `dumpsys` that tells of this thermal status.
    fn dumpsys(&self, status: u8) {
        let script = format!("#!/bin/sh\n[ $1 = thermalservice ] && echo 'Thermal Status: {status}'\nexit 0");
        self.put("bin/dumpsys", &script);
        fs::set_permissions(self.path("bin/dumpsys"), fs::Permissions::from_mode(0o755)).expect("executable");
    }

    fn sweep(&self, options: &str) -> Ran {
        let mut command = self.sandbox.command(&slm_testkit::sandbox::sweep_args(options));
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.path("bin").display()));
        command.env("SLM_AGENT_ROOT", self.sandbox.path("root"));
        run(command)
    }

    fn trials(&self) -> Vec<Row> {
        Results::of(&self.sandbox).trials()
    }
}

/// A sweep of one prompt length whose trials take a good part of a second.
fn sweep(tokens: u32, more: &str) -> String {
    format!(
        "--models {TINY} --prompt-tokens 16 --runs 1 --repetitions 1 --threads 1 --max-new-tokens {tokens} \
         --telemetry-interval 50ms {more}"
    )
}

#[test]
fn a_discharging_battery_gives_energy_and_temperature() {
    let phone = Phone::new();
    let ran = phone.sweep(&sweep(1500, ""));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for row in phone.trials() {
        let (joules, seconds) =
            (row.number("energy_j").expect("energy"), row.number("runtime_s").expect("runtime"));
        // 4.8 W, over the trial and the moments between it and the readings around it.
        assert!(joules >= 4.8 * seconds && joules < 4.8 * (seconds + 0.5), "{joules} J in {seconds} s");
        assert_eq!((row.get("battery_temp_c"), row.get("thermal_status")), ("29.8", ""));
    }
    let summary = Results::of(&phone.sandbox).csv("summary.csv");
    assert!(summary[0].number("energy_j_per_token") > Some(0.0));
    let telemetry = Results::of(&phone.sandbox).text("telemetry.csv");
    assert!(telemetry.contains(",battery-current,-1200.0,mA"), "{telemetry}");
}

#[test]
fn a_charging_battery_gives_no_energy_and_the_reason_is_said() {
    let phone = Phone::new();
    phone.put("sys/class/power_supply/battery/status", "Charging");
    let ran = phone.sweep(&sweep(300, ""));
    assert!(
        ran.stderr.contains("is not known: the battery was charging or the device plugged in"),
        "{ran:?}"
    );
    assert!(phone.trials().iter().all(|row| row.get("energy_j").is_empty()));
}

#[test]
fn androids_thermal_status_throttles_a_trial() {
    let phone = Phone::new();
    phone.dumpsys(0);
    assert_eq!(phone.sweep(&format!("{} --backend null", sweep(4, ""))).code, Some(0));
    assert!(
        phone.trials().iter().all(|row| row.get("thermal_status") == "none" && row.get("verdict") == "valid")
    );
    fs::remove_dir_all(phone.sandbox.path("out")).expect("removed");
    phone.dumpsys(3);
    phone.sweep(&format!("{} --backend null", sweep(4, "")));
    for row in phone.trials() {
        assert_eq!((row.get("thermal_status"), row.get("verdict")), ("severe", "throttled"));
        assert!(row.get("verdict_reason").contains("'severe'"), "{row:?}");
    }
}

#[test]
fn a_hot_zone_makes_trials_wait_and_the_time_out_is_in_their_rows() {
    let phone = Phone::new();
    let ran = phone.sweep(&sweep(4, "--backend null --cool-to 30C --cool-timeout 200ms"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("from 33.0 to 33.0 C, still too hot"), "{ran:?}");
    for row in phone.trials() {
        assert_eq!(row.get("verdict"), "suspect");
        let reason = row.get("verdict_reason");
        assert!(reason.contains("began at 33.0 C (thermal-cpu-1-0-usr), not at 30.0 C"), "{reason}");
    }
    let events = Results::of(&phone.sandbox).text("events.jsonl");
    assert_eq!(events.matches(r#""type":"cool-down""#).count(), phone.trials().len());
}

/// Both CPUs compute at 2.8 GHz; once some trials are done they fall to 2.0 GHz, as a
/// governor's cap would have it.
#[test]
fn clocks_that_fall_within_a_sweep_make_its_trials_throttled() {
    // Machines differ in speed.
    for tokens in [400, 2000, 10_000] {
        let phone = Phone::new();
        // A header, a warm-up and two trials.
        let kernel = PlantedKernel::start(&phone, 4);
        let model = "shape:arch=mpt,layers=6,d_model=512,heads=8,vocab=1024,context=16384";
        let ran = phone.sweep(&format!(
            "--models {model} --prompt-tokens 16 --runs 1 --repetitions 1 --threads 1 --max-new-tokens {tokens} \
             --telemetry-interval 100ms"
        ));
        kernel.stop();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let trials = phone.trials();
        if trials.iter().any(|row| row.number("runtime_s") < Some(1.2)) {
            continue;
        }
        assert_eq!(trials.len(), 6);
        assert!(trials[..2].iter().all(|row| row.get("verdict") != "throttled"), "{trials:?}");
        let last = &trials[5];
        assert_eq!(last.get("verdict"), "throttled", "{last:?}");
        assert!(last.get("verdict_reason").starts_with("CPUs 0-1 ran at 20"), "{last:?}");
        return;
    }
    panic!("this machine is too fast for the test");
}

/// Trials of a few tenths of a second, which end before the second reading of all sensors; the clocks are read more often.
#[test]
fn short_trials_on_a_device_that_is_slow_from_the_start_are_throttled() {
    for tokens in [60, 200, 800, 3000] {
        let phone = Phone::new();
        let kernel = PlantedKernel::start(&phone, 0);
        let model = "shape:arch=mpt,layers=6,d_model=512,heads=8,vocab=1024,context=4096";
        let ran = phone.sweep(&format!(
            "--models {model} --prompt-tokens 16 --runs 1 --repetitions 1 --threads 1 --max-new-tokens {tokens} \
             --telemetry-interval 5s"
        ));
        kernel.stop();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let trials = phone.trials();
        if trials.iter().any(|row| row.number("runtime_s") < Some(0.25)) {
            continue;
        }
        for row in trials {
            assert_eq!(row.get("verdict"), "throttled", "{row:?}");
            let reason = row.get("verdict_reason");
            assert!(
                reason.starts_with("CPUs 0-1 ran at 2000 MHz on average, 29 % below the 2800 MHz that"),
                "{reason}"
            );
        }
        return;
    }
    panic!("this machine is too fast for the test");
}

/// Counts the time of two CPUs of one cluster, as the kernel does.
struct PlantedKernel {
    over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl PlantedKernel {
    /// At 2.8 GHz, and at 2.0 GHz once the table of trials has so many lines.
    fn start(phone: &Phone, capped_from: usize) -> Self {
        let folder = |cpu| format!("sys/devices/system/cpu/cpu{cpu}/cpufreq");
        for cpu in 0..2 {
            phone.put(&format!("{}/related_cpus", folder(cpu)), "0 1");
            phone.put(&format!("{}/cpuinfo_max_freq", folder(cpu)), "2800000");
            // Which cores of x86 can hold is known only with it.
            phone.put(&format!("{}/base_frequency", folder(cpu)), "2800000");
            phone.put(&format!("{}/stats/time_in_state", folder(cpu)), "2000000 100000\n2800000 100000");
        }
        phone.put("proc/stat", "cpu  0 0 0 0\ncpu0 100000 0 0 0\ncpu1 100000 0 0 0");
        let over = Arc::new(AtomicBool::new(false));
        let states = [0, 1].map(|cpu| phone.path(&format!("{}/stats/time_in_state", folder(cpu))));
        let (stat, trials) = (phone.path("proc/stat"), phone.sandbox.path("out/trials.csv"));
        let stop = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let start = Instant::now();
            let (mut slow, mut fast, mut last) = (100_000, 100_000, 0);
            while !stop.load(Ordering::Relaxed) {
                let ticks = u64::try_from(start.elapsed().as_millis() / 10).expect("a short test");
                let lines = fs::read_to_string(&trials).map_or(0, |text| text.lines().count());
                let is_capped = lines >= capped_from;
                *if is_capped { &mut slow } else { &mut fast } += ticks - last;
                last = ticks;
                // In place and of one length: a reader sees the old text or the new one.
                let put = |path: &PathBuf, text: String| {
                    let file = fs::OpenOptions::new().write(true).open(path).expect("it is there");
                    file.write_all_at(text.as_bytes(), 0).expect("written");
                };
                for path in &states {
                    put(path, format!("2000000 {slow}\n2800000 {fast}\n"));
                }
                let busy = 100_000 + ticks;
                put(&stat, format!("cpu  0 0 0 0\ncpu0 {busy} 0 0 0\ncpu1 {busy} 0 0 0\n"));
                thread::sleep(Duration::from_millis(10));
            }
        });
        Self { over, thread }
    }

    fn stop(self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("the planted kernel");
    }
}
