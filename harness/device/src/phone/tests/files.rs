//! Files and compiled models sent to a phone.

use super::{
    super::{remote_file::RemoteFile, stage_compiled},
    fixture::{Fixture, HOSTILE},
};
use crate::LinkError;
use slm_plan::{CompiledFile, CompiledSource};
use slm_protocol::ComputeDevice;
use std::{fs, path::Path, sync::atomic::Ordering};

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
        remote.ensure(&fixture.phone.link, &from)
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
    assert!(matches!(full, Err(LinkError::NoSpace { free: 0, .. })), "{full:?}");
    let small = from_text("echo 'tmpfs 1024 0 1024 0% /data'");
    assert!(matches!(small, Err(LinkError::TooLarge { capacity: 0x10_0000, .. })), "{small:?}");
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
