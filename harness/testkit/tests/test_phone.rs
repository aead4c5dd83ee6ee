//! The test phone itself: a real adbd that looks like a Galaxy S24, its faults, and that nothing of it stays.

use slm_testkit::phone::{Lab, TestPhone};
use std::{fs, path::Path, thread, time::Duration};

#[test]
#[ignore = "needs the test phone"]
fn it_looks_like_a_galaxy_s24() {
    let phone = TestPhone::start();
    let list = phone.lab().must(&["adb", "devices", "-l"]);
    assert!(list.contains("product:e1sxeea model:SM_S921B device:e1s"), "{list}");
    assert_eq!(phone.shell("uname -m").trim(), "aarch64");
    assert_eq!(phone.shell("getprop ro.soc.model").trim(), "s5e9945");
    assert_eq!(phone.shell("getprop ro.nothing 7; getprop ro.nothing").trim(), "7");
    assert_eq!(phone.shell("getprop | grep sdk").trim(), "[ro.build.version.sdk]: [34]");
    let clocks = phone.shell("cat /sys/devices/system/cpu/cpu[0479]/cpufreq/cpuinfo_max_freq");
    assert_eq!(clocks, "1959000\n2592000\n2899000\n3207000\n");
    assert_eq!(phone.shell("grep -c ^processor /proc/cpuinfo").trim(), "10");
    assert_eq!(phone.shell("sed -n 's/^MemTotal: *//p' /proc/meminfo").trim(), "7519284 kB");

    phone.plant("sys/class/thermal/thermal_zone0/temp", "61500\n");
    assert_eq!(phone.shell("cat /sys/class/thermal/thermal_zone0/temp").trim(), "61500");
    phone.shell("cmd thermalservice override-status 3; settings put global low_power 1");
    assert!(phone.shell("dumpsys thermalservice").contains("Thermal Status: 3"));
    assert_eq!(phone.planted("settings/global/low_power").trim(), "1");
    assert!(phone.calls().contains("cmd thermalservice override-status 3\n"), "{}", phone.calls());
    phone.set_property("ro.product.model", "Weird \"phone\" $(touch x)");
    assert_eq!(phone.shell("getprop ro.product.model").trim(), "Weird \"phone\" $(touch x)");

    // The exit status and the streams of a shell come through, as on a phone.
    let output = phone.adb(&["shell", "echo out; echo err >&2; exit 7"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(7), b"out\n".as_slice()));
    assert_eq!(output.stderr, b"err\n");
}

#[test]
#[ignore = "needs the test phone"]
fn its_faults_are_those_of_a_phone() {
    let phone = TestPhone::start_with(&["--disk", "8M"]);
    phone.shell(
        "echo kept > /data/local/tmp/file; (setsid /usr/bin/env sleep 600 >/dev/null 2>&1 </dev/null &)",
    );
    let sleepers = || phone.shell("ps | grep -c '[s]leep 600' || true").trim().to_owned();
    assert_eq!(sleepers(), "1");

    // The cable: a shell breaks off, what was detached lives on.
    let broken = thread::scope(|scope| {
        let shell = scope.spawn(|| phone.adb(&["shell", "sleep 30; echo done"]));
        thread::sleep(Duration::from_millis(700));
        phone.unplug();
        shell.join().expect("no panic")
    });
    // The host's adb of Debian 12 calls that a success; what was printed tells.
    assert_eq!(broken.stdout, b"");
    phone.connect();
    assert_eq!(sleepers(), "1");

    phone.freeze();
    phone.thaw();
    assert_eq!(phone.shell("echo back").trim(), "back");
    phone.unauthorize();
    assert!(!phone.adb(&["shell", "true"]).status.success());
    phone.authorize();
    phone.take_offline();
    phone.thaw();
    phone.connect();
    assert_eq!(sleepers(), "1");

    // The disk has its size, and a full one says so.
    phone.fill_disk(100_000);
    let full = phone.adb(&["shell", "dd if=/dev/zero of=/data/local/tmp/more bs=1000 count=300"]);
    assert!(String::from_utf8_lossy(&full.stderr).contains("No space left"), "{full:?}");
    phone.free_disk();

    phone.restart();
    assert_eq!(sleepers(), "0");
    assert_eq!(phone.shell("cat /data/local/tmp/file").trim(), "kept");
    assert!(!phone.kill("slm-agent"), "nothing of that name runs");
}

#[test]
#[ignore = "needs the test phone"]
fn several_phones_have_their_own_properties_and_files() {
    let first = TestPhone::start();
    let second = first.beside("other", &["--disk", "3M"]);
    second.set_property("ro.product.model", "SM-A556B");
    first.shell("echo 1 > /data/local/tmp/mine");
    assert_eq!(second.shell("getprop ro.product.model; ls /data/local/tmp").trim(), "SM-A556B");
    assert_eq!(first.shell("getprop ro.product.model").trim(), "SM-S921B");
    assert_eq!(second.shell("df -k /data/local/tmp | awk 'END { print $2 }'").trim(), "3072");
    second.unplug();
    assert_eq!(first.shell("echo here").trim(), "here");
}

#[test]
#[ignore = "needs the test phone"]
fn nothing_stays_whatever_ends_it() {
    for signal in [None, Some("-TERM"), Some("-KILL")] {
        let phone = TestPhone::start();
        phone.shell("(setsid /usr/bin/env sleep 600 >/dev/null 2>&1 </dev/null &)");
        let (network, keeper) = (network_of(phone.lab().pid()), phone.lab().keeper());
        assert!(!processes_in(&network).is_empty());
        if let Some(signal) = signal {
            let status = std::process::Command::new("kill").args([signal, &keeper.to_string()]).status();
            assert!(status.expect("kill runs").success());
        }
        let folder = phone.lab().folder();
        drop(phone);
        for _ in 0..1200 {
            if processes_in(&network).is_empty() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(processes_in(&network), Vec::<String>::new(), "after {signal:?}");
        let mounts = fs::read_to_string("/proc/mounts").expect("mounts");
        assert!(!mounts.contains(&folder.display().to_string()), "{mounts}");
        assert!(!folder.exists(), "after {signal:?}");
    }
}

#[test]
#[ignore = "needs the test phone"]
fn a_thread_enters_the_network_and_leaves_it() {
    let lab = Lab::start();
    let mine = || fs::read_link("/proc/thread-self/ns/net").expect("a network");
    let home = mine();
    let stay = lab.enter();
    assert_eq!(mine(), Path::new(&network_of(lab.pid())));
    drop(stay);
    assert_eq!(mine(), home);
}

fn network_of(pid: u32) -> String {
    let link = fs::read_link(format!("/proc/{pid}/ns/net")).expect("the process runs");
    link.display().to_string()
}

/// Command lines of the processes in a network.
fn processes_in(network: &str) -> Vec<String> {
    let pids = fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let inside = pids.filter(|pid| {
        fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|link| link == Path::new(network))
    });
    inside
        .filter_map(|pid| fs::read(format!("/proc/{pid}/cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .collect()
}
