//! How fast files get to a phone, beside the host's own adb in the same minute. `SLM_PUSH_MB` sets the size.

use slm_device::{OpenOptions, adb::ServerAddress, open, profile::Profiles};
use slm_plan::{ModelSource, PlannedModel, digest::sha256_hex, interrupt::Interrupt};
use slm_testkit::{phone::TestPhone, plan::model, sandbox::Sandbox};
use std::{fs, os::unix::fs::MetadataExt, sync::Arc, time::Instant};

#[test]
#[ignore = "needs the test phone"]
#[expect(clippy::print_stdout, reason = "the figures, for docs/test-phone.md")]
fn a_push_arrives_whole_beside_adbs_and_a_second_one_sends_nothing() {
    let megabytes = std::env::var("SLM_PUSH_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(20_usize);
    let (phone, sandbox) = (TestPhone::start(), Sandbox::new());
    let _stay = phone.enter();
    let file = sandbox.path("file.gguf");
    // Nothing that could be compressed on the way.
    let mut state = 1_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let bytes: Vec<u8> = std::iter::repeat_with(&mut random).take(megabytes * 125_000).flatten().collect();
    fs::write(&file, &bytes).unwrap();
    let source = ModelSource::File {
        path: file.display().to_string(),
        sha256: sha256_hex(&bytes),
        further: Vec::new(),
    };
    // Nobody loads it.
    let model = PlannedModel { file_bytes: bytes.len() as u64, source, ..model("pushed", 1) };
    let server: ServerAddress = "127.0.0.1:5037".parse().unwrap();
    let name = format!("serial:{}", phone.serial);
    let profiles = Profiles::built_in().unwrap();
    let notify: slm_device::Notify = Arc::new(|_, _| {});
    let (adb_server, interrupt) = (Some(&server), Interrupt::default());
    let opening = OpenOptions { adb_server, profiles: &profiles, engines: &[], notify, interrupt };
    let device = open(&name, &opening).unwrap();
    // Brings the agent, which is no part of the figures.
    device.hello().unwrap();

    let timed = |what: &str, act: &dyn Fn()| {
        let start = Instant::now();
        act();
        let took = start.elapsed();
        println!("{what}: {took:.2?}, {:.1} MB/s", megabytes as f64 / took.as_secs_f64());
    };
    timed("adb push", &|| {
        let output = phone.adb(&["push", file.to_str().unwrap(), "/data/local/tmp/by-adb"]);
        assert!(output.status.success(), "{output:?}");
    });
    fs::remove_file(phone.disk().join("by-adb")).unwrap();
    let place = || device.stage_model(&model).unwrap();
    timed("first placing, hashed on the phone", &|| drop(place()));
    let inside = place().path.strip_prefix("/data/local/tmp/").map(|path| phone.disk().join(path)).unwrap();
    let written = || fs::metadata(&inside).map(|file| (file.ino(), file.mtime(), file.mtime_nsec())).unwrap();
    let before = written();
    timed("second placing", &|| drop(place()));
    assert_eq!(written(), before, "nothing is sent twice");
    assert!(fs::read(&inside).unwrap() == bytes, "what arrived is what was sent");
}
