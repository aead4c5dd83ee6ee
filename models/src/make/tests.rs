use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

use super::*;
use crate::WeightTypes;
use crate::{FileType, read_header};

fn tiny(text: &str) -> Shape {
    Shape::parse_free(&format!("{text},layers=2,d_model=64,heads=2,vocab=300,context=64")).unwrap()
}

fn made(shape: &Shape, options: &MakeOptions, folder: &Path) -> (Made, Vec<u8>) {
    let path = folder.join("m.gguf");
    let made = make(shape, options, &path, &mut |_, _| {}).unwrap();
    (made, fs::read(path).unwrap())
}

#[test]
fn the_file_is_what_the_report_says() {
    let folder = tempfile::tempdir().unwrap();
    let shape = tiny("arch=mpt");
    let mut seen = Vec::new();
    let path = folder.path().join("m.gguf");
    let made =
        make(&shape, &MakeOptions::default(), &path, &mut |done, total| seen.push((done, total))).unwrap();
    let content = fs::read(&path).unwrap();
    assert_eq!(made.bytes, content.len() as u64);
    assert_eq!(made.sha256, sha256_hex(&content));
    assert_eq!(made.params, shape.params());
    assert_eq!(seen.last(), Some(&(made.bytes, made.bytes)));
    assert!(seen.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the temporary file is gone");

    let header = read_header(&path).unwrap();
    assert!(header.is_synthetic());
    assert_eq!(header.params(), shape.params());
    assert_eq!(header.decode_bytes(), shape.decode_bytes(&WeightTypes::default()));
    assert_eq!(header.synthetic_shape(), Some(shape));
}

#[test]
fn content_depends_on_seed_and_types_alone() {
    let folder = tempfile::tempdir().unwrap();
    let shape = tiny("arch=llama");
    let options = MakeOptions::default();
    let first = made(&shape, &options, folder.path());
    assert_eq!(made(&shape, &options, folder.path()), first);
    assert_ne!(made(&shape, &MakeOptions { seed: 1, ..options }, folder.path()).1, first.1);
    for kind in [FileType::Q8_0, FileType::F16, FileType::F32] {
        let options = MakeOptions { types: WeightTypes::of(kind), seed: 0 };
        let (other, _) = made(&shape, &options, folder.path());
        assert_eq!(other.params, first.0.params);
        assert!(other.bytes > first.0.bytes);
    }
}

/// The bytes are part of what a result means: a change needs a new generator version.
#[test]
fn the_content_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let (made, _) =
        made(&tiny("arch=mpt"), &MakeOptions { seed: 42, ..MakeOptions::default() }, folder.path());
    assert_eq!(GENERATOR_VERSION, 1);
    assert_eq!(made.sha256, "6ea5db68e56b8505ee4309594b244a34242d7324747731a006a2f4571bb154a2");
}

#[test]
fn errors_name_the_path_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shape = tiny("arch=mpt");
    let missing = folder.path().join("no/such/folder/m.gguf");
    let error = make(&shape, &MakeOptions::default(), &missing, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, MakeError::Io { .. }));
    assert!(error.to_string().contains("m.gguf.part"), "{error}");

    let opt = tiny("arch=opt");
    let error =
        make(&opt, &MakeOptions::default(), &folder.path().join("o.gguf"), &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, MakeError::Unsupported { arch: "opt", .. }));

    // A folder in the way: writing succeeds, renaming does not.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("x")).unwrap();
    assert!(make(&shape, &MakeOptions::default(), &taken, &mut |_, _| {}).is_err());
    assert!(!folder.path().join("taken.part").exists());
    let full = MakeError::io(&taken, 9, io::Error::from(io::ErrorKind::StorageFull));
    assert!(matches!(full, MakeError::DiskFull { needed: 9, .. }));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_apart() {
    let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = MakeError::io(Path::new("/dev/full"), 9, full.write_all(b"x").unwrap_err());
    assert!(matches!(error, MakeError::DiskFull { .. }), "{error}");
}

#[test]
fn two_writers_of_one_file_are_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let _held = HashedFile::create(&path).unwrap();
    let error = make(&tiny("arch=mpt"), &MakeOptions::default(), &path, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, MakeError::Busy { .. }), "{error}");
}

#[test]
fn cache_names_are_safe_and_distinct() {
    let shape = tiny("arch=mpt");
    let options = MakeOptions { types: "q4_0+embd-q8_0".parse().unwrap(), seed: 3 };
    let name = cache_file_name("../SlimLM 125M/é", &shape, &options);
    assert!(name.starts_with("_slimlm_125m__-q4_0_embd-q8_0-"), "{name}");
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{name}");
    let names: HashSet<_> = [
        name,
        cache_file_name("m", &shape, &options),
        cache_file_name("m", &tiny("arch=gpt2"), &options),
        cache_file_name("m", &shape, &MakeOptions { seed: 4, ..options }),
    ]
    .into();
    assert_eq!(names.len(), 4);
}
