//! Files and compiled models sent to a phone.

use super::{
    super::{
        file_set::{self, FileOfSet},
        remote_file::RemoteFile,
        retrying_link::RetryingLink,
        stage_compiled,
    },
    fixture::{Fixture, HOSTILE},
};
use crate::LinkError;
use slm_plan::{CompiledFile, CompiledSource, interrupt::Interrupt};
use slm_protocol::ComputeDevice;
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

#[test]
fn a_file_arrives_whole_under_its_name_and_is_sent_once() {
    let fixture = Fixture::new(1, "exit 0");
    let from = fixture.folder.path().join("model");
    let content = vec![42u8; 100_000];
    fs::write(&from, &content).unwrap();
    let path = format!("{}/models/{HOSTILE}.gguf", fixture.phone.root);
    let sha256 = slm_plan::digest::sha256_hex(&content);
    let remote = RemoteFile { path: &path, sha256: &sha256, bytes: 100_000, mode: "640" };
    for lost_after in [2, 3, 0] {
        fixture.link.lost_after.store(lost_after, Ordering::Relaxed);
        let _ = fs::remove_file(&path);
        assert_eq!(remote.ensure(&fixture.phone.link, &from).unwrap(), 100_000, "{lost_after}");
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(remote.ensure(&fixture.phone.link, &from).unwrap(), 0, "{lost_after}");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(fs::read_dir(fixture.root().join("models")).unwrap().count(), 1, "no part is left");
    // A file of the right size and another content is no file.
    fs::write(&path, vec![43u8; 100_000]).unwrap();
    assert_eq!(remote.ensure(&fixture.phone.link, &from).unwrap(), 100_000);
    fixture.check();
}

#[test]
fn a_df_that_tells_nothing_ends_no_transfer_and_one_that_tells_of_a_small_disk_does() {
    let from_text = |df: &str| {
        let fixture = Fixture::new(1, "exit 0");
        fixture.tool("df", df);
        let from = fixture.folder.path().join("model");
        fs::write(&from, "model").unwrap();
        let path = format!("{}/models/m.gguf", fixture.phone.root);
        let sha256 = slm_plan::digest::sha256_hex(b"model");
        let remote = RemoteFile { path: &path, sha256: &sha256, bytes: 5, mode: "644" };
        remote.ensure(&fixture.phone.link.with_patience(Duration::ZERO), &from)
    };
    for odd in [
        "echo \"df: $2: can't find mount point\" >&2; exit 1",
        "exit 127",
        "echo Filesystem; exit 0",
        "echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'; echo '/dev/x a b c 5% /data'",
    ] {
        assert_eq!(from_text(odd), Ok(5), "{odd}");
    }
    let full = from_text("echo 'tmpfs 102400 102400 0 100% /data'");
    assert!(
        matches!(full, Err(LinkError::NoSpace { needed: Some(0x100_0005), free: Some(0), .. })),
        "{full:?}"
    );
    let small = from_text("echo 'tmpfs 1024 0 1024 0% /data'");
    assert!(matches!(small, Err(LinkError::TooLarge { capacity: 0x10_0000, .. })), "{small:?}");
}

#[test]
fn space_is_waited_for_once_and_not_after_ctrl_c() {
    let fixture = Fixture::new(1, "exit 0");
    let notices = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&notices);
    let link: Arc<dyn crate::Link> = fixture.link.clone();
    let notify: crate::Notify = Arc::new(move |_, notice| told.lock().unwrap().push(format!("{notice:?}")));
    let link = RetryingLink::new(link, "here", notify);
    let from = fixture.folder.path().join("model");
    fs::write(&from, "model").unwrap();
    let path = format!("{}/models/m.gguf", fixture.phone.root);
    let sha256 = slm_plan::digest::sha256_hex(b"model");
    let remote = RemoteFile { path: &path, sha256: &sha256, bytes: 5, mode: "644" };
    let full = |seconds: u64| {
        let until = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() + seconds;
        let df = "[ $(date +%s) -lt UNTIL ] && echo 'tmpfs 102400 102400 0 100% /data'; true";
        fixture.tool("df", &df.replace("UNTIL", &until.to_string()));
    };
    full(2);
    assert_eq!(remote.place(&link, &from), Ok(5));
    let notices = std::mem::take(&mut *notices.lock().unwrap());
    assert!(matches!(&notices[..], [one] if one.contains("0.0 MiB free, 16 MiB are needed")), "{notices:?}");

    full(1000);
    let interrupt = Interrupt::default();
    let waiting = link.with_interrupt(&interrupt);
    let before = Instant::now();
    let failed = thread::scope(|scope| {
        let placed = scope.spawn(|| remote.place(&waiting, &from));
        thread::sleep(Duration::from_secs(1));
        interrupt.raise();
        placed.join().unwrap()
    });
    assert!(matches!(failed, Err(LinkError::NoSpace { .. })), "{failed:?}");
    assert!(before.elapsed() < Duration::from_secs(3), "{:?}", before.elapsed());
}

#[test]
fn of_a_set_nothing_is_sent_unless_all_of_it_fits() {
    let fixture = Fixture::new(1, "exit 0").without_patience();
    fixture.tool("df", "echo 'tmpfs 102400 71680 30720 70% /data'");
    let folder = format!("{}/models", fixture.phone.root);
    let part = |name: &str| FileOfSet {
        from: fixture.folder.path().join(name),
        path: format!("{folder}/{name}"),
        sha256: slm_plan::digest::sha256_hex(vec![7; 10 << 20]),
        bytes: 10 << 20,
    };
    let set = ["one", "two"].map(part);
    for file in &set {
        fs::write(&file.from, vec![7; 10 << 20]).unwrap();
    }
    let refused = file_set::ensure(&fixture.phone.link, "m", &set).unwrap_err().to_string();
    assert!(refused.contains("30 MiB free, 36 MiB are needed"), "{refused}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing was sent");
    file_set::ensure(&fixture.phone.link, "m", &set[..1]).expect("one fits");
    // What is there takes no more space.
    let refused = file_set::ensure(&fixture.phone.link, "m", &set);
    assert_eq!(refused, Ok(()), "the other one fits");
}

#[test]
fn a_phone_that_cannot_hash_says_so() {
    let fixture = Fixture::new(1, "exit 0");
    let from = fixture.folder.path().join("model");
    fs::write(&from, "model").unwrap();
    let path = format!("{}/models/m.gguf", fixture.phone.root);
    let sha256 = slm_plan::digest::sha256_hex(b"model");
    let remote = RemoteFile { path: &path, sha256: &sha256, bytes: 5, mode: "644" };
    for (tool, words) in [
        (
            "echo 'sha256sum: read error: I/O error' >&2; exit 1",
            "status 1 (sha256sum: read error: I/O error)",
        ),
        ("exit 0", "status 0 (it printed no error)"),
        ("echo usage: sha256sum FILE", "status 0 (it printed no error)"),
    ] {
        fixture.tool("sha256sum", tool);
        let error = remote.ensure(&fixture.phone.link, &from).unwrap_err().to_string();
        assert!(error.contains("cannot be checked on the phone") && error.contains(words), "{error}");
    }
}

/// A compiled model of this machine: a folder, TVM's libraries, and the plan's account of them.
fn compiled_model(folder: &Path) -> CompiledSource {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        CompiledFile {
            name: name.into(),
            bytes: text.len() as u64,
            sha256: slm_plan::digest::sha256_hex(text.as_bytes()),
        }
    };
    let files = vec![write("model/lib.so", "library"), write("model/deep/shard 0.bin", "weights")];
    let runtime = [write("tvm/libtvm_ffi.so", "ffi"), write("tvm/libtvm_runtime.so", "runtime")];
    let in_model = |file: CompiledFile| CompiledFile { name: file.name.replace("model/", ""), ..file };
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    CompiledSource {
        path: path("model"),
        library: path("model/lib.so"),
        sha256: files[0].sha256.clone(),
        runtime: runtime.iter().map(|file| path(&file.name)).collect(),
        runtime_sha256: runtime.iter().map(|file| file.sha256.clone()).collect(),
        device: ComputeDevice::Cpu,
        files: files.into_iter().map(in_model).collect(),
        tvm: None,
        mlc_llm: None,
    }
}

#[test]
fn a_compiled_model_is_sent_once_and_told_in_the_phones_paths() {
    let fixture = Fixture::new(1, "exit 0");
    let source = compiled_model(&fixture.folder.path().join("here"));
    let (link, root) = (&fixture.phone.link, fixture.phone.root.as_str());
    let stage = |source: &CompiledSource| stage_compiled::stage(link, root, HOSTILE, source).unwrap();
    let staged = stage(&source);
    let runs = staged.compiled.clone().unwrap();
    assert_eq!(runs.library, format!("{}/lib.so", staged.path));
    assert!(staged.path.starts_with(&format!("{root}/models/")), "{}", staged.path);
    let contents =
        |paths: &[&str]| paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect::<Vec<_>>();
    assert_eq!(
        contents(&[&runs.library, &format!("{}/deep/shard 0.bin", staged.path)]),
        ["library", "weights"]
    );
    assert_eq!(contents(&[&runs.runtime[0], &runs.runtime[1]]), ["ffi", "runtime"]);
    assert!(runs.runtime[1].ends_with("/libtvm_runtime.so"), "{runs:?}");

    let written = || fs::metadata(&runs.library).unwrap().modified().unwrap();
    let before = written();
    fs::remove_file(fixture.folder.path().join("here/model/deep/shard 0.bin")).unwrap();
    assert_eq!((stage(&source), written()), (staged.clone(), before), "nothing was read or sent again");

    // Other weights are another model; TVM's libraries stay the same.
    let mut other = compiled_model(&fixture.folder.path().join("there"));
    fs::write(fixture.folder.path().join("there/model/deep/shard 0.bin"), "WEIGHTS").unwrap();
    other.files[1].sha256 = slm_plan::digest::sha256_hex(b"WEIGHTS");
    let second = stage(&other);
    assert_ne!(second.path, staged.path);
    assert_eq!(second.compiled.unwrap().runtime, runs.runtime);
    assert_eq!(fs::read_dir(fixture.root().join("models")).unwrap().count(), 3);
    fixture.check();
}

#[test]
fn a_compiled_model_that_changed_since_the_plan_is_not_used() {
    let fixture = Fixture::new(1, "exit 0");
    let source = compiled_model(&fixture.folder.path().join("here"));
    fs::write(&source.library, "LIBRARY").unwrap();
    let error = stage_compiled::stage(&fixture.phone.link, &fixture.phone.root, "m", &source).unwrap_err();
    assert!(error.to_string().contains("lib.so"), "{error}");
}
