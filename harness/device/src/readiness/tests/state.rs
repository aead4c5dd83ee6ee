//! The state of phones, and whether they can be measured so.

use super::*;

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
        (Some(false), Some(false), Some(StayAwake::NeverSet))
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
    let found = findings(&state, &Needs::default(), false);
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(finding.severity, Severity::Warning);
    let words = "does not tell its battery level, battery temperature, thermal status, free space";
    assert!(finding.text.contains(words), "{finding:?}");
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

/// Where `dumpsys` is missing the kernel's word counts, and only there.
#[test]
fn the_kernel_tells_of_the_battery_what_the_service_does_not() {
    let supply = "capacity: 4\ntemp: 610\nstatus: Discharging\nvoltage_now: 3512000\npresent: 1\n";
    let read = |service: &str, supply: &str| {
        parse::parse(&format!("@@battery\n{service}\n@@supply\n{supply}\n@@end\n")).unwrap()
    };
    let state = read("", supply);
    assert_eq!((state.battery_percent, state.battery_temp_c), (Some(4.0), Some(61.0)));
    assert_eq!((state.charging, state.power_source), (Some(false), Some(PowerSource::Battery)));
    assert_eq!(state.battery_voltage_v, Some(3.512));
    let refused = admit("s24", findings(&state, &Needs::default(), false), false).unwrap_err().to_string();
    assert!(refused.contains("4 % and not charging") && refused.contains("61.0 °C"), "{refused}");
    let state = read("  level: 80\n  scale: 100\n  temperature: 250\n  status: 2\n", supply);
    assert_eq!((state.battery_percent, state.battery_temp_c), (Some(80.0), Some(25.0)));
    assert_eq!(state.charging, Some(true));
    for (temp, celsius) in [("28100", Some(28.1)), ("0", None), ("-50", Some(-5.0)), ("x", None), ("", None)]
    {
        assert_eq!(read("", &format!("temp: {temp}\n")).battery_temp_c, celsius, "{temp}");
    }
    assert_eq!(read("", &format!("{supply}present: 0\n").replace("present: 1\n", "")), read("", ""));
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
    let found = findings(&bad, &needs, true);
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
            findings(&state, &Needs::default(), false)[0].severity,
            severity,
            "{charging:?} {power_source:?}"
        );
    }
    let well = PhoneState {
        battery_percent: Some(20.0),
        charging: Some(false),
        battery_temp_c: Some(37.9),
        thermal_status: Some(ThermalStatus::None),
        memory_available: Some(1 << 30),
        space_free: Some(1 << 30),
        ..PhoneState::default()
    };
    assert_eq!(findings(&well, &Needs::default(), false), []);
    let hot = PhoneState { battery_temp_c: Some(45.0), ..well };
    assert_eq!(findings(&hot, &Needs::default(), false)[0].severity, Severity::Refusal);
}

proptest! {
    #[test]
    fn no_answer_makes_the_parser_panic_or_invents_a_value(text in "(?s)(@@(battery|thermal|space|memory|power|clock|deep)\n|level: |scale: |Temperature\\{|mType=0|%|[0-9]{1,25}|.|\n){0,40}") {
        let state = parse::parse(&format!("{text}\n@@end\n")).unwrap();
        prop_assert!(state.battery_percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)));
        prop_assert!(state.battery_temp_c.is_none_or(|celsius| (-40.0..=90.0).contains(&celsius)));
        let json = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(serde_json::from_str::<PhoneState>(&json).unwrap(), state);
    }

    #[test]
    fn levels_and_temperatures_are_read_back(level in 0u8..=100, tenths in prop_oneof![-400i32..=-1, 1..=900]) {
        let state = battery(&format!("  present: true\n  level: {level}\n  scale: 100\n  temperature: {tenths}"));
        prop_assert_eq!(state.battery_percent, Some(f64::from(level)));
        prop_assert_eq!(state.battery_temp_c, Some(f64::from(tenths) / 10.0));
    }
}
