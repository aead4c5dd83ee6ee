//! A phone's disk that is full for a while or for good, and files on it that are damaged. `phone_faults.rs` says
//! how often and when.

use slm_testkit::{
    phone::{Stage, checks::check_unharmed, rounds},
    results::Row,
};
use std::{fs, thread, time::Duration};

#[test]
#[ignore = "needs the test phone"]
fn the_phones_disk_is_full_for_good() {
    rounds("disk full for good", |seed| {
        let mut stage = Stage::set(seed, &["--disk", "256M"]);
        stage.sandbox.variables.push(("SLM_PHONE_PATIENCE", "4s".into()));
        let mut live = stage.start();
        stage.await_trials(&mut live, 10);
        stage.phone.fill_disk(0);
        let ended = live.has_ended();
        let ran = live.wait();
        let results = stage.results();
        results.check_complete();
        let failed: Vec<Row> = results.trials().into_iter().filter(|row| !row.is_completed()).collect();
        for row in &failed {
            assert_eq!(row.get("failure"), "disk-full", "{row:?}");
        }
        // What the phone had measured by then, of which the host lags by a look, is all that may be left out.
        assert!(ended || !failed.is_empty(), "a full disk was not noticed");
        assert_eq!(ran.code, Some(i32::from(!failed.is_empty())), "{}", stage.stderr());
        stage.phone.free_disk();
        format!("{} trial(s) failed", failed.len())
    });
}

/// An update or a cache fills the phone and goes again: for so many seconds.
fn disk_full_for(seconds: u64) {
    rounds(&format!("disk full for {seconds} s"), |seed| {
        let mut stage = Stage::set(seed, &["--disk", "256M"]);
        let mut live = stage.start();
        stage.await_moment(&mut live);
        let ended = live.has_ended();
        stage.phone.fill_disk(0);
        thread::sleep(Duration::from_secs(seconds));
        stage.phone.free_disk();
        let ran = live.wait();
        if !stage.sandbox.path("out/manifest.json").exists() {
            // A phone that is full before anything begins is refused; nothing of the sweep is lost.
            assert_eq!(ran.code, Some(3), "{}", stage.stderr());
            assert!(stage.stderr().contains("of space are left on it"), "{}", stage.stderr());
            check_unharmed(&stage, &stage.sweep());
            return "refused before the sweep began".to_owned();
        }
        // It comes and goes within the time that space is waited for.
        check_unharmed(&stage, &ran);
        if ended { "after its end" } else { "0 trials failed" }.to_owned()
    });
}

#[test]
#[ignore = "needs the test phone"]
fn the_phones_disk_is_full_for_a_second() {
    disk_full_for(1);
}

#[test]
#[ignore = "needs the test phone"]
fn the_phones_disk_is_full_for_five_seconds() {
    disk_full_for(5);
}

#[test]
#[ignore = "needs the test phone"]
fn the_phones_disk_is_full_for_half_a_minute() {
    disk_full_for(30);
}

/// Where a file on the phone is damaged: one bit, anywhere.
fn flip(path: &std::path::Path, stage: &mut Stage) {
    let mut content = fs::read(path).expect("the file");
    let at = usize::try_from(stage.below(content.len() as u64)).expect("an index");
    content[at] ^= 1 << stage.below(8);
    // In place: the same file with another byte.
    let mut file = fs::File::options().write(true).open(path).expect("the file");
    std::io::Write::write_all(&mut file, &content).expect("the damage");
}

/// The one file of a folder that has a word in its name, or has not; records of hashes are none.
fn only_file(folder: &std::path::Path, word: &str, does: bool) -> std::path::PathBuf {
    let entries = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let name = |path: &std::path::PathBuf| path.to_string_lossy().into_owned();
    let models = entries.filter(|path| !name(path).ends_with(".sha256"));
    let found: Vec<_> = models.filter(|path| name(path).contains(word) == does).collect();
    let [file] = found.as_slice() else { panic!("{found:?}") };
    file.clone()
}

/// Between two sweeps a bit is flipped, or the file cut short, in a model that was made on the phone, in one that
/// was sent there, and in the agent: each is found and healed before anything is measured.
#[test]
#[ignore = "needs the test phone"]
fn what_is_damaged_on_the_phone_is_found_and_healed() {
    let mut stage = Stage::set(0, &[]);
    let sent = stage.sandbox.make_model(slm_testkit::sandbox::TINY, "sent.gguf").display().to_string();
    let models = format!("{},{sent}", slm_testkit::sandbox::TINY);
    let few = "--chunks 0 --runs 1 --repetitions 1 --max-new-tokens 4 --threads 1 --warmups 0";
    assert_eq!(stage.start_with(&models, few).wait().code, Some(0), "{}", stage.stderr());
    let folder = stage.phone.disk().join("slm-bench");
    let files = [
        only_file(&folder.join("models"), "-sent", true),
        only_file(&folder.join("models"), "-sent", false),
        only_file(&folder.join("bin"), "slm-agent", true),
    ];
    let good = files.each_ref().map(|file| fs::read(file).expect("the file"));
    rounds("a model made there, one sent there and the agent damaged", |_| {
        let mut cut = 0;
        for (file, good) in files.iter().zip(&good) {
            if stage.below(4) == 0 {
                cut += 1;
                let left = stage.below(good.len() as u64);
                fs::File::options()
                    .write(true)
                    .open(file)
                    .and_then(|file| file.set_len(left))
                    .expect("a cut");
            } else {
                flip(file, &mut stage);
            }
            assert!(fs::read(file).expect("the file") != *good);
        }
        fs::remove_dir_all(stage.sandbox.path("out")).expect("the results before");
        let ran = stage.start_with(&models, few).wait();
        check_unharmed(&stage, &ran);
        let told = stage.stderr().matches("is damaged there").count();
        assert_eq!(told, files.len(), "{}", stage.stderr());
        for (file, good) in files.iter().zip(&good) {
            assert!(fs::read(file).expect("the file") == *good, "{} is not healed", file.display());
        }
        format!("3 files damaged ({cut} cut short), 3 healed")
    });
}
