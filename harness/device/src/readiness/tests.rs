use super::*;
use crate::{
    LinkError,
    profile::{Profiles, identify},
    testing::TestPhone,
};
use proptest::prelude::*;
use slm_plan::error::Error;
use slm_results::{
    analysis::ThermalStatus,
    condition::{Preparation, Severity},
};
use std::{
    fs,
    time::{Duration, Instant},
};

/// The lines of a Samsung: AOSP's first, then the maker's own.
const BATTERY: &str = "Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  Dock powered: false
  Max charging current: 500000
  status: 2
  health: 2
  present: true
  level: 84
  scale: 100
  voltage: 4063
  temperature: 326
  technology: Li-ion
  batteryMiscEvent: 0
  level: 1
  current now: 321
";

const THERMAL: &str = "IsStatusOverride: false
Thermal Status: 1
Cached temperatures:
\tTemperature{mValue=99.0, mType=3, mName=SKIN, mStatus=0}
HAL Ready: true
Current temperatures from HAL:
\tTemperature{mValue=0.0, mType=2, mName=SUBBAT, mStatus=0}
\tTemperature{mValue=44.8, mType=0, mName=AP, mStatus=0}
\tTemperature{mValue=38.0, mType=0, mName=MID, mStatus=0}
\tTemperature{mValue=-1937.0, mType=-1, mName=USB-MINUS-CHARGING, mStatus=0}
\tTemperature{mValue=38.1, mType=3, mName=SKIN, mStatus=1}
Current cooling devices from HAL:
\tCoolingDevice{mValue=0, mType=2, mName=thermal-cpufreq-0}
";

/// A phone whose services answer from files, and whose settings are files.
fn phone() -> TestPhone {
    let phone = TestPhone::new();
    phone.write("battery", BATTERY).write("thermalservice", THERMAL);
    phone.write("power", "POWER MANAGER (dumpsys power)\n  mWakefulness=Awake\n  mStayOn=false\n");
    phone.program(
        "dumpsys",
        "case $1 in deviceidle) case $3 in deep) echo ACTIVE;; light) echo IDLE_MAINTENANCE;; screen) echo true;; esac;; \
         *) cat \"$HERE/$1\";; esac",
    );
    phone.write("global/low_power", "0\n").write("global/airplane_mode_on", "0\n");
    phone.program(
        "settings",
        "f=\"$HERE/global/$3\"; case $1 in get) cat \"$f\" 2>/dev/null || echo null;; put) echo \"$4\" >\"$f\";; \
         delete) rm -f \"$f\"; echo Deleted 1 rows;; esac",
    );
    phone.program(
        "cmd",
        "echo \"$*\" >>\"$HERE/calls\"; [ ! -e \"$HERE/fail-$1\" ] || { echo \"Failed to set it\" >&2; exit 255; }
         case \"$1 $2 $3\" in 'connectivity airplane-mode enable') echo 1 >\"$HERE/global/airplane_mode_on\";;
         'connectivity airplane-mode disable') echo 0 >\"$HERE/global/airplane_mode_on\";;
         'power set-fixed-performance-mode-enabled true') echo on >\"$HERE/fixed\";;
         'power set-fixed-performance-mode-enabled false') rm -f \"$HERE/fixed\";; *) exit 1;; esac",
    );
    phone.program(
        "svc",
        "[ \"$*\" = 'power stayon true' ] && echo 15 >\"$HERE/global/stay_on_while_plugged_in\"",
    );
    phone
}

fn root(phone: &TestPhone) -> String {
    phone.path("it's $(touch x); root").display().to_string()
}

fn state(phone: &TestPhone) -> PhoneState {
    PhoneState::read(phone, &root(phone)).unwrap()
}

#[test]
fn a_phones_state_comes_in_one_round_trip() {
    let phone = phone();
    fs::create_dir(root(&phone)).unwrap();
    let state = state(&phone);
    assert_eq!(*phone.trips.lock().unwrap(), 1);
    assert_eq!((state.battery_percent, state.charging), (Some(84.0), Some(true)));
    assert_eq!((state.power_source, state.battery_temp_c), (Some(PowerSource::Usb), Some(32.6)));
    assert_eq!((state.battery_voltage_v, state.battery_values_forced), (Some(4.063), Some(false)));
    assert_eq!(state.thermal_status, Some(ThermalStatus::Light));
    assert_eq!((state.cpu_temp_c, state.skin_temp_c), (Some(44.8), Some(38.1)));
    assert_eq!((state.screen_on, state.wakefulness.as_deref()), (Some(true), Some("Awake")));
    assert_eq!(
        (state.doze_deep.as_deref(), state.doze_light.as_deref()),
        (Some("ACTIVE"), Some("IDLE_MAINTENANCE"))
    );
    assert_eq!(
        (state.battery_saver, state.airplane_mode, state.stay_awake),
        (Some(false), Some(false), None)
    );
    assert!(state.memory_total > state.memory_available && state.memory_available > Some(0));
    assert!(state.space_free.is_some() && state.uptime_s > Some(0.0));
    assert!(state.clock_unix_s > Some(1_700_000_000));
    assert!(!phone.path("x").exists());
    let json = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<PhoneState>(&json).unwrap(), state);
    assert_eq!(serde_json::from_str::<PhoneState>("{}").unwrap(), PhoneState::default());
}

#[test]
fn what_a_phone_does_not_tell_is_unknown() {
    let silent = TestPhone::new();
    for program in ["dumpsys", "settings", "df"] {
        silent.program(program, "echo \"Can't find service: $1\"; exit 1");
    }
    let state = state(&silent);
    let told = PhoneState {
        clock_unix_s: state.clock_unix_s,
        uptime_s: state.uptime_s,
        boot_id: state.boot_id.clone(),
        memory_total: state.memory_total,
        memory_available: state.memory_available,
        oom_kills: state.oom_kills,
        ..PhoneState::default()
    };
    assert_eq!(state, told);
    assert_eq!(check(&PhoneState::default(), &Needs::default(), false), []);
    // The answer of a phone that went away in the middle is not taken for one.
    let cut = TestPhone::new();
    cut.program("df", "kill -9 $PPID");
    assert!(matches!(PhoneState::read(&cut, "/nowhere"), Err(LinkError::Refused { .. })));
}

#[test]
fn a_service_that_hangs_does_not_stop_the_rest() {
    let phone = phone();
    phone.program("dumpsys", "[ \"$1\" = thermalservice ] && exec sleep 600; cat \"$HERE/$1\"");
    phone.program("timeout", "shift; exec /usr/bin/timeout 1 \"$@\"");
    let started = Instant::now();
    let state = state(&phone);
    assert!(started.elapsed() < Duration::from_mins(2));
    assert_eq!((state.thermal_status, state.battery_percent), (None, Some(84.0)));
}

fn battery(text: &str) -> PhoneState {
    parse::parse(&format!("@@battery\n{text}\n@@end\n")).unwrap()
}

#[test]
fn odd_batteries_are_read_or_unknown() {
    let state = battery(
        "  AC powered: false\n  USB powered: false\n  status: 3\n  level: 30\n  scale: 150\n  temperature: -50",
    );
    assert_eq!((state.power_source, state.charging), (Some(PowerSource::Battery), Some(false)));
    assert_eq!((state.battery_percent, state.battery_temp_c), (Some(20.0), Some(-5.0)));
    // Windows line ends of an old adb, and a state frozen by hand.
    let state = battery("  (UPDATES STOPPED -- use 'reset' to restart)\r\n  level: 7\r\n  scale: 100\r\n");
    assert_eq!((state.battery_percent, state.battery_values_forced), (Some(7.0), Some(true)));
    for bad in [
        "level: -1\nscale: 100",
        "level: 5",
        "level: 5\nscale: 0",
        "level: x\nscale: 100",
        "level: 500\nscale: 100",
        "present: false\nlevel: 100\nscale: 100",
        "level: NaN\nscale: 100",
    ] {
        assert_eq!(battery(bad).battery_percent, None, "{bad}");
    }
    for bad in ["temperature: 0", "temperature: 99999", "temperature: inf", "temperature:"] {
        assert_eq!(battery(bad).battery_temp_c, None, "{bad}");
    }
    // A console reports volts in another unit: 13 is not 13 mV.
    assert_eq!(
        (battery("voltage: 13").battery_voltage_v, battery("voltage: 0").battery_voltage_v),
        (None, None)
    );
}

#[test]
fn space_is_read_from_every_df() {
    let space = |text: &str| parse::parse(&format!("@@space\n{text}\n@@end\n")).unwrap().space_free;
    let header = "Filesystem     1K-blocks    Used Available Use% Mounted on\n";
    assert_eq!(
        space(&format!("{header}/dev/block/dm-53 229376 20480 208896 9% /data/user/0")),
        Some(208_896 << 10)
    );
    assert_eq!(space(&format!("{header}/dev/fuse a b 10 5 5 50% /mnt/my card")), Some(5 << 10));
    assert_eq!(space(&format!("{header}tmpfs 10240 10240 0 100% /data")), Some(0));
    assert_eq!((space(""), space("df: /data: Permission denied"), space("9% /x")), (None, None, None));
}

#[test]
fn findings_are_graded_and_force_lets_pass() {
    let bad = PhoneState {
        battery_percent: Some(12.0),
        charging: Some(false),
        power_source: Some(PowerSource::Usb),
        battery_temp_c: Some(41.5),
        thermal_status: Some(ThermalStatus::Moderate),
        battery_saver: Some(true),
        memory_total: Some(8 << 30),
        memory_available: Some(2 << 30),
        space_free: Some(1 << 30),
        screen_on: Some(false),
        doze_deep: Some("IDLE".into()),
        left_changed: vec!["airplane-mode".into()],
        battery_values_forced: Some(true),
        ..PhoneState::default()
    };
    let needs = Needs { largest_model: Some(("phi-2".into(), 3 << 30)), space: Some(5 << 30) };
    let found = check(&bad, &needs, true);
    let lines: Vec<String> =
        found.iter().map(|finding| format!("{:?}: {}", finding.severity, finding.text)).collect();
    let refused = admit("s24", found.clone(), false).unwrap_err();
    assert!(matches!(refused, Error::Device(_)));
    insta::assert_snapshot!(format!("{}\n\n{refused}", lines.join("\n")));
    let passed = admit("s24", found, true).unwrap();
    assert!(passed.iter().all(|finding| finding.severity != Severity::Refusal));
    // The same level while charging is no reason to refuse; nor is a lack of words on it.
    for (charging, power_source, severity) in [
        (Some(true), None, Severity::Warning),
        (None, Some(PowerSource::Usb), Severity::Warning),
        (None, None, Severity::Warning),
        (None, Some(PowerSource::Battery), Severity::Refusal),
        (Some(false), None, Severity::Refusal),
    ] {
        let state =
            PhoneState { battery_percent: Some(19.9), charging, power_source, ..PhoneState::default() };
        assert_eq!(
            check(&state, &Needs::default(), false)[0].severity,
            severity,
            "{charging:?} {power_source:?}"
        );
    }
    let well = PhoneState { battery_percent: Some(20.0), charging: Some(false), ..PhoneState::default() };
    assert_eq!(check(&well, &Needs::default(), false), []);
}

const ALL: [Setting; 3] = [Setting::FixedPerformance, Setting::AirplaneMode, Setting::StayAwake];

/// What the settings of the test phone are now: fixed performance, airplane, stay awake.
fn now(phone: &TestPhone) -> (bool, String, Option<String>) {
    let airplane = phone.read("global/airplane_mode_on").unwrap().trim().to_owned();
    (phone.path("fixed").exists(), airplane, phone.read("global/stay_on_while_plugged_in"))
}

#[test]
fn settings_are_changed_and_put_back() {
    for stay_awake in [None, Some("3\n".to_owned())] {
        let phone = phone();
        if let Some(mask) = &stay_awake {
            phone.write("global/stay_on_while_plugged_in", mask);
        }
        let before = now(&phone);
        let root = root(&phone);
        let changed = change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap();
        assert_eq!(changed.settings, ALL);
        assert_eq!(now(&phone), (true, "1".into(), Some("15\n".into())));
        assert_eq!(state(&phone).left_changed, ["fixed-performance", "airplane-mode", "stay-awake"]);
        assert_eq!(renew(&phone, &root, Lease::USUAL), Ok(LeaseStatus::Renewed));
        let back = restore(&phone, &root).unwrap();
        assert_eq!(back.len(), 3, "{back:?}");
        assert_eq!((now(&phone), state(&phone).left_changed), (before, vec![]));
        // A second time there is nothing to do; the lease counts as expired.
        assert_eq!(restore(&phone, &root).unwrap(), Vec::<String>::new());
        assert_eq!(renew(&phone, &root, Lease::USUAL), Ok(LeaseStatus::Expired));
        assert!(!phone.path("x").exists());
    }
}

#[test]
fn nothing_is_changed_that_was_not_asked_for() {
    let phone = phone();
    let root = root(&phone);
    assert_eq!(
        change(&phone, &root, "R5CX", &PhoneState::default(), &[], Lease::USUAL).unwrap(),
        ChangedSettings::default()
    );
    assert_eq!((phone.read("calls"), phone.path("it's $(touch x); root").exists()), (None, false));
    change(&phone, &root, "R5CX", &state(&phone), &[Setting::FixedPerformance], Lease::USUAL).unwrap();
    restore(&phone, &root).unwrap();
    let calls = phone.read("calls").unwrap();
    assert_eq!(
        calls,
        "power set-fixed-performance-mode-enabled true\npower set-fixed-performance-mode-enabled false\n"
    );
}

#[test]
fn a_phone_that_refuses_a_setting_is_left_as_it_was() {
    let phone = phone();
    let (before, root) = (now(&phone), root(&phone));
    phone.write("fail-power", "");
    let error = change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap_err();
    assert!(matches!(error, Error::Input(_)), "{error}");
    assert!(error.to_string().contains("fixed-performance: Failed to set it"), "{error}");
    assert_eq!((now(&phone), state(&phone).left_changed), (before, vec![]));
}

/// A command that says it is done and does nothing, and one that this Android lacks.
#[test]
fn a_setting_that_does_not_take_is_seen() {
    for svc in ["exit 0", "echo 'svc: inaccessible or not found' >&2; exit 127"] {
        let phone = phone();
        phone.program("svc", svc);
        let (before, root) = (now(&phone), root(&phone));
        let error = change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap_err();
        assert!(error.to_string().contains("did not accept a setting: stay-awake"), "{error}");
        assert_eq!((now(&phone), state(&phone).left_changed), (before, vec![]));
    }
}

#[test]
fn a_setting_that_cannot_be_put_back_stays_on_record() {
    let phone = phone();
    let root = root(&phone);
    change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap();
    phone.write("fail-connectivity", "");
    let error = restore(&phone, &root).unwrap_err();
    assert!(error.to_string().contains("(left: airplane-mode 0)"), "{error}");
    assert_eq!(now(&phone), (false, "1".into(), None));
    assert_eq!(state(&phone).left_changed, ["airplane-mode"]);
    // A new sweep does not write over it: the record is all that knows what it was.
    let error = change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap_err();
    assert!(error.to_string().contains("not put back yet"), "{error}");
    fs::remove_file(phone.path("fail-connectivity")).unwrap();
    assert_eq!(restore(&phone, &root).unwrap(), ["airplane-mode 0"]);
    assert_eq!(now(&phone).1, "0");
}

#[test]
fn a_record_is_data_and_never_run() {
    let phone = phone();
    let root = root(&phone);
    let record = "version 1\nstay-awake $(touch $HERE/x)\nstay-awake 3;reboot\nreboot now\nairplane-mode 0\n";
    phone.write("it's $(touch x); root/settings/restore", record);
    phone.write("global/airplane_mode_on", "1\n");
    let error = restore(&phone, &root).unwrap_err();
    assert!(error.to_string().contains("reboot"), "{error}");
    assert_eq!(phone.read("calls").unwrap(), "connectivity airplane-mode disable\n");
    assert_eq!((now(&phone).2, phone.path("x").exists()), (None, false));
}

#[test]
fn airplane_mode_over_wifi_is_refused() {
    let phone = phone();
    for serial in [
        "192.168.1.20:5555",
        "[fe80::1]:37021",
        "adb-R5CX-abc._adb-tls-connect._tcp",
        "adb-R5CX-abc._adb-tls-connect._tcp.",
    ] {
        let error = change(&phone, &root(&phone), serial, &state(&phone), &ALL, Lease::USUAL).unwrap_err();
        assert!(matches!(error, Error::Input(_)) && error.to_string().contains("Wi-Fi"), "{error}");
    }
    assert_eq!(now(&phone), (false, "0".into(), None));
    for serial in ["R5CX20ABCDE", "emulator-5554", "a:b", "x;y"] {
        assert!(!is_wireless(serial), "{serial}");
    }
}

#[test]
fn airplane_mode_that_is_not_told_is_not_touched() {
    let phone = phone();
    let unknown = PhoneState { airplane_mode: None, ..state(&phone) };
    let error = change(&phone, &root(&phone), "R5CX", &unknown, &ALL, Lease::USUAL).unwrap_err();
    assert!(error.to_string().contains("leave out --airplane-mode"), "{error}");
    assert_eq!(now(&phone), (false, "0".into(), None));
}

/// From end to end: an earlier sweep's leftovers go first, then this one's.
#[test]
fn a_phone_is_made_ready_and_left_as_it_was() {
    let phone = phone();
    phone
        .program("getprop", "case $1 in ro.product.model) echo SM-S921B;; ro.soc.model) echo s5e9945;; esac");
    let (original, root) = (now(&phone), root(&phone));
    // A host that died with everything changed.
    change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap();
    let profiles = Profiles::built_in().unwrap();
    let request = PrepareRequest { settings: vec![Setting::FixedPerformance], ..PrepareRequest::default() };
    let identified = || identify(&phone, &profiles).unwrap();
    let ready =
        |request: &PrepareRequest| prepare(&phone, &root, "R5CX", "s24", identified(), request, Lease::USUAL);
    let record = ready(&request).unwrap();
    assert_eq!((record.put_back.len(), record.changed.settings.as_slice()), (3, request.settings.as_slice()));
    assert_eq!((record.before.airplane_mode, record.before.left_changed.len()), (Some(false), 0));
    assert_eq!(record.described.profile.as_deref(), Some("s24"));
    assert_eq!(now(&phone), (true, "0".into(), None));
    let preparation = Preparation::from(&record);
    assert_eq!(
        (preparation.changed.as_slice(), preparation.put_back.len()),
        (&["fixed-performance".to_owned()][..], 3)
    );
    assert_eq!(finish(&phone, &root, "s24").unwrap().left_changed, Vec::<String>::new());
    assert_eq!(now(&phone), original);
    // One that is refused is not changed at all.
    phone.write("battery", "  USB powered: false\n  status: 3\n  level: 9\n  scale: 100\n");
    let error = ready(&request).unwrap_err();
    assert!(error.to_string().starts_with("s24: the battery is at 9 % and not charging"), "{error}");
    assert_eq!(now(&phone), original);
    let record = ready(&PrepareRequest { force: true, ..request }).unwrap();
    assert!(record.findings.iter().all(|finding| finding.severity == Severity::Warning), "{record:?}");
    finish(&phone, &root, "s24").unwrap();
}

/// The host dies: the watchdog restores everything once the lease has run out, and not while
/// an agent still works on the phone.
#[test]
fn the_watchdog_restores_settings_when_the_host_is_gone() {
    let phone = phone();
    let root = root(&phone);
    phone.write("it's $(touch x); root/bin/slm-agent-0123", "until [ -e \"$0.done\" ]; do sleep 0.2; done\n");
    let before = now(&phone);
    let state = state(&phone);
    change(&phone, &root, "R5CX", &state, &ALL, Lease(Duration::from_secs(1))).unwrap();
    let mut agent =
        std::process::Command::new("/bin/sh").arg(format!("{root}/bin/slm-agent-0123")).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    assert_ne!(now(&phone), before, "an agent still works");
    phone.write("it's $(touch x); root/bin/slm-agent-0123.done", "");
    agent.wait().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while phone.path("it's $(touch x); root/settings/restore").exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(now(&phone), before);
    assert_eq!(renew(&phone, &root, Lease::USUAL), Ok(LeaseStatus::Expired));
}

proptest! {
    #[test]
    fn no_answer_makes_the_parser_panic_or_invents_a_value(text in "(?s)(@@(battery|thermal|space|memory|power|clock|deep)\n|level: |scale: |Temperature\\{|mType=0|%|[0-9]{1,25}|.|\n){0,40}") {
        let state = parse::parse(&format!("{text}\n@@end\n")).unwrap();
        prop_assert!(state.battery_percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)));
        prop_assert!(state.battery_temp_c.is_none_or(|celsius| (-40.0..=150.0).contains(&celsius)));
        let json = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(serde_json::from_str::<PhoneState>(&json).unwrap(), state);
    }

    #[test]
    fn levels_and_temperatures_are_read_back(level in 0u8..=100, tenths in prop_oneof![-400i32..=-1, 1..=1500]) {
        let state = battery(&format!("  present: true\n  level: {level}\n  scale: 100\n  temperature: {tenths}"));
        prop_assert_eq!(state.battery_percent, Some(f64::from(level)));
        prop_assert_eq!(state.battery_temp_c, Some(f64::from(tenths) / 10.0));
    }
}
