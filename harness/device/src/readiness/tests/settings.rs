//! Settings: changed, restored, refused, leased.

use super::*;

const ALL: [Setting; 3] = [Setting::FixedPerformance, Setting::AirplaneMode, Setting::StayAwake];

/// What the settings of the test phone are now: fixed performance, airplane, stay awake.
fn now(phone: &TestPhone) -> (bool, String, Option<String>) {
    let airplane = phone.read("global/airplane_mode_on").unwrap().trim().to_owned();
    (phone.path("fixed").exists(), airplane, phone.read("global/stay_on_while_plugged_in"))
}

/// What a phone is identified as.
fn identified(phone: &TestPhone) -> (Identity, PhoneDescription) {
    let (identity, description, _) = identify(phone, &Profiles::built_in().unwrap()).unwrap();
    (identity, description)
}

/// Restores what can be; what that was.
fn put_back(phone: &TestPhone, root: &str) -> slm_plan::error::Result<Vec<String>> {
    restore(phone, root, Unrestorable::Keep).map(|settings| settings.restored)
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
        let back = put_back(&phone, &root).unwrap();
        assert_eq!(back.len(), 3, "{back:?}");
        assert_eq!((now(&phone), state(&phone).left_changed), (before, vec![]));
        // A second time there is nothing to do; the lease counts as expired.
        assert_eq!(put_back(&phone, &root).unwrap(), Vec::<String>::new());
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
    put_back(&phone, &root).unwrap();
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
    let error = put_back(&phone, &root).unwrap_err();
    assert!(error.to_string().contains("(left: airplane-mode 0)"), "{error}");
    assert_eq!(now(&phone), (false, "1".into(), None));
    assert_eq!(state(&phone).left_changed, ["airplane-mode"]);
    // A new sweep does not write over it: the record is all that knows what it was.
    let error = change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap_err();
    assert!(error.to_string().contains("not put back yet"), "{error}");
    fs::remove_file(phone.path("fail-connectivity")).unwrap();
    assert_eq!(put_back(&phone, &root).unwrap(), ["airplane-mode 0"]);
    assert_eq!(now(&phone).1, "0");
}

/// Every way in which Android's `settings` does not answer: none of them is "never set".
#[test]
fn a_value_that_is_not_told_is_never_changed() {
    for settings in [
        "exit 1",
        "echo 'cmd: Failure calling service settings: Broken pipe' >&2; exit 20",
        "echo 'Error: java.lang.SecurityException'; exit 255",
        "exec sleep 60",
        "exit 0",
    ] {
        let phone = phone();
        phone.write("global/stay_on_while_plugged_in", "3\n");
        phone.program("settings", settings);
        phone.program("timeout", "shift; exec /usr/bin/timeout 1 \"$@\"");
        let root = root(&phone);
        let error =
            change(&phone, &root, "R5CX", &state(&phone), &[Setting::StayAwake], Lease::USUAL).unwrap_err();
        assert!(matches!(error, Error::Input(_)), "{settings}: {error}");
        assert!(error.to_string().contains("leave out --stay-awake"), "{settings}: {error}");
        assert_eq!(phone.read("global/stay_on_while_plugged_in").as_deref(), Some("3\n"), "{settings}");
        assert_eq!(state(&phone).left_changed, Vec::<String>::new(), "{settings}");
        // So nothing holds up the next sweep.
        assert_eq!(put_back(&phone, &root).unwrap(), Vec::<String>::new());
    }
}

#[test]
fn what_cannot_be_put_back_can_be_given_up() {
    let phone = phone();
    let root = root(&phone);
    phone.write("global/stay_on_while_plugged_in", "3\n");
    change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap();
    phone.program("settings", "exit 127");
    let error = put_back(&phone, &root).unwrap_err();
    assert!(error.to_string().contains("--forget"), "{error}");
    assert_eq!(state(&phone).left_changed, ["stay-awake"]);
    // Measured all the same on request, and the results say so.
    let identified = || identified(&phone);
    let ready = |force| {
        let request = PrepareRequest { force, ..PrepareRequest::default() };
        prepare(&phone, &root, "R5CX", "s24", identified(), &request, Lease::USUAL)
    };
    assert!(ready(false).is_err());
    let findings = ready(true).unwrap().findings;
    assert!(findings.iter().any(|finding| finding.text.contains("stay-awake 3")), "{findings:?}");
    let left = restore(&phone, &root, Unrestorable::Forget).unwrap();
    assert_eq!(left, SettingsLeft { restored: vec![], forgotten: vec!["stay-awake 3".to_owned()] });
    assert_eq!(put_back(&phone, &root).unwrap(), Vec::<String>::new());
    assert!(ready(false).is_ok());
}

#[test]
fn a_record_that_cannot_be_removed_is_an_error() {
    let phone = phone();
    let root = root(&phone);
    change(&phone, &root, "R5CX", &state(&phone), &ALL, Lease::USUAL).unwrap();
    // The fake services remove files too.
    let read_only =
        "case $* in */settings/restore*) echo 'rm: restore: Read-only file system' >&2; exit 1 ;; esac";
    phone.program("rm", &format!("{read_only}\nexec /bin/rm \"$@\""));
    for how in [Unrestorable::Keep, Unrestorable::Forget] {
        let error = restore(&phone, &root, how).unwrap_err().to_string();
        assert!(error.contains("could not be removed (rm: restore: Read-only file system)"), "{error}");
    }
    assert!(!now(&phone).0, "the settings themselves are restored");
    phone.program("rm", "exec /bin/rm \"$@\"");
    put_back(&phone, &root).unwrap();
    assert_eq!(state(&phone).left_changed, Vec::<String>::new());
}

#[test]
fn a_record_is_data_and_never_run() {
    let phone = phone();
    let root = root(&phone);
    let record = "version 1\nstay-awake $(touch $HERE/x)\nstay-awake 3;reboot\nreboot now\nairplane-mode 0\n";
    phone.write("it's $(touch x); root/settings/restore", record);
    phone.write("global/airplane_mode_on", "1\n");
    let error = put_back(&phone, &root).unwrap_err();
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
    let request = PrepareRequest { settings: vec![Setting::FixedPerformance], ..PrepareRequest::default() };
    let identified = || identified(&phone);
    let ready =
        |request: &PrepareRequest| prepare(&phone, &root, "R5CX", "s24", identified(), request, Lease::USUAL);
    let check = |request: &PrepareRequest| check(&phone, &root, "R5CX", "s24", request);
    check(&request).unwrap();
    assert_eq!(now(&phone), (true, "1".into(), Some("15\n".into())), "a check changes nothing");
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
    for error in [check(&request).unwrap_err(), ready(&request).unwrap_err()] {
        assert!(error.to_string().starts_with("s24: the battery is at 9 % and not charging"), "{error}");
    }
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
