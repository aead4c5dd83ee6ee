use std::fs;

use super::*;
use crate::gguf::{read_one_file, testing};
use crate::{HeaderWriter, ModelKind};

/// Writes a part with a tensor of 32 numbers for each name.
fn write(path: &Path, (index, count): (u32, u32), tensors: &[&str], stated: u32) {
    let header = |out: &mut HeaderWriter| {
        if index == 0 {
            out.str("general.architecture", "llama");
            out.str("tokenizer.ggml.model", "gpt2");
        }
        out.u32("split.no", index);
        out.u32("split.count", count);
        out.u32("split.tensors.count", stated);
    };
    fs::write(path, testing::file(&header, tensors)).unwrap();
}

/// A model in three parts, the first of which has no tensor.
fn three(folder: &Path) -> [PathBuf; 3] {
    let parts: [PathBuf; 3] = [1, 2, 3].map(|part| folder.join(SplitName::of("m", part, 3)));
    write(&parts[0], (0, 3), &[], 3);
    write(&parts[1], (1, 3), &["a", "b"], 3);
    write(&parts[2], (2, 3), &["c"], 3);
    parts
}

#[test]
fn all_parts_are_read_whichever_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let parts = three(folder.path());
    for part in &parts {
        let header = read_header(part).unwrap();
        assert_eq!((header.params(), header.weight_bytes(), header.tensors.len()), (96, 384, 3));
        let paths: Vec<&PathBuf> = header.parts.iter().map(|part| &part.path).collect();
        assert_eq!(paths, parts.iter().collect::<Vec<_>>());
        let bytes: u64 = parts.iter().map(|part| fs::metadata(part).unwrap().len()).sum();
        assert_eq!((header.file_bytes, header.parts.iter().map(|part| part.bytes).sum()), (bytes, bytes));
        assert_eq!((header.arch(), ModelKind::of(&header)), (Some("llama"), ModelKind::TextGenerator));
    }
    // By itself a part is what it is.
    assert_eq!(read_one_file(&parts[1]).unwrap().tensors.len(), 2);
}

#[test]
fn a_part_that_is_cut_short_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let parts = three(folder.path());
    let size = fs::metadata(&parts[2]).unwrap().len();
    fs::File::options().write(true).open(&parts[2]).unwrap().set_len(size - 64).unwrap();
    let problem = read_header_even_if_cut(&parts[0]).unwrap().cut_short().unwrap();
    assert!(problem.contains("truncated") && problem.contains("m-00003-of-00003.gguf"), "{problem}");
    assert!(read_header(&parts[0]).unwrap_err().remedy().contains("again"));
}

#[test]
fn a_piece_of_a_file_is_refused_though_it_begins_well() {
    let folder = tempfile::tempdir().unwrap();
    let parts = three(folder.path());
    let piece = folder.path().join("m.gguf.part00");
    write(&piece, (0, 1), &["a", "b"], 2);
    let size = fs::metadata(&piece).unwrap().len();
    fs::File::options().write(true).open(&piece).unwrap().set_len(size - 64).unwrap();
    let error = read_header_even_if_cut(&piece).unwrap_err();
    assert!(error.to_string().contains("truncated") && error.remedy().contains("`cat "), "{error}");
    assert!(read_header_even_if_cut(&parts[0]).is_ok());
}

#[test]
fn parts_that_do_not_go_together_are_refused() {
    type Damage = fn(&[PathBuf; 3]);
    let cases: [(&str, Damage); 7] = [
        ("m-00002-of-00003.gguf is not there", |parts| fs::remove_file(&parts[1]).unwrap()),
        ("m-00002-of-00003.gguf and 1 more are not there", |parts| {
            fs::remove_file(&parts[1]).unwrap();
            fs::remove_file(&parts[2]).unwrap();
        }),
        ("tensor \"a\", which another part has too", |parts| write(&parts[2], (2, 3), &["a"], 3)),
        ("is not part 3 of 3", |parts| assert!(fs::copy(&parts[1], &parts[2]).is_ok())),
        ("is not part 2 of 3", |parts| write(&parts[1], (1, 4), &["a", "b"], 3)),
        ("states 4 tensors in 3 parts, which have 3", |parts| write(&parts[0], (0, 3), &[], 4)),
        ("is a web page", |parts| fs::write(&parts[1], "<html>").unwrap()),
    ];
    for (words, damage) in cases {
        let folder = tempfile::tempdir().unwrap();
        let parts = three(folder.path());
        damage(&parts);
        let error = read_header(&parts[0]).unwrap_err();
        assert!(error.to_string().contains(words), "{error} should say {words}");
        assert!(!error.remedy().is_empty());
    }
    let folder = tempfile::tempdir().unwrap();
    let parts = three(folder.path());
    let renamed = folder.path().join("first.gguf");
    fs::rename(&parts[0], &renamed).unwrap();
    let error = read_header(&renamed).unwrap_err();
    assert!(error.to_string().contains("name does not end in -00001-of-00003.gguf"), "{error}");
    assert!(error.remedy().contains("llama-gguf-split --merge"));
}
