use proptest::prelude::*;

use super::*;
use crate::{MakeOptions, make};

/// The header and data of a small valid file.
fn small() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.gguf");
    let shape =
        "arch=llama,layers=1,d_model=32,heads=1,vocab=257,d_ff=32,tied=no,context=16".parse().unwrap();
    make(&shape, &MakeOptions::default(), &path, &mut |_, _| {}).unwrap();
    fs::read(path).unwrap()
}

fn parsed_part(bytes: &[u8]) -> Result<Header, String> {
    parse(bytes, bytes.len() as u64).map_err(|trouble| match trouble {
        Trouble::Io(error) => panic!("a slice cannot fail: {error}"),
        Trouble::Invalid(problem) => problem,
    })
}

fn parsed(bytes: &[u8]) -> Result<Header, String> {
    let header = parsed_part(bytes)?;
    header.cut_short().map_or(Ok(header), Err)
}

/// A hand-made file: a list of metadata (key, type, bytes), then raw tensor records.
fn crafted(metadata: &[(&str, u32, Vec<u8>)], tensors: u64, rest: &[u8]) -> Vec<u8> {
    let mut out = b"GGUF\x03\0\0\0".to_vec();
    out.extend(tensors.to_le_bytes());
    out.extend((metadata.len() as u64).to_le_bytes());
    for (key, value_type, bytes) in metadata {
        out.extend((key.len() as u64).to_le_bytes());
        out.extend(key.as_bytes());
        out.extend(value_type.to_le_bytes());
        out.extend(bytes);
    }
    out.extend(rest);
    out
}

fn tensor(name: &str, dims: &[u64], type_id: u32, offset: u64) -> Vec<u8> {
    let mut out = (name.len() as u64).to_le_bytes().to_vec();
    out.extend(name.as_bytes());
    out.extend(u32::try_from(dims.len()).unwrap().to_le_bytes());
    out.extend(dims.iter().flat_map(|dim| dim.to_le_bytes()));
    out.extend(type_id.to_le_bytes());
    out.extend(offset.to_le_bytes());
    out
}

#[test]
fn a_valid_file_is_understood() {
    let bytes = small();
    let header = parsed(&bytes).unwrap();
    assert!(header.is_synthetic());
    assert_eq!(header.version, 3);
    let facts = header.shape_facts();
    assert_eq!(facts.arch.as_deref(), Some("llama"));
    assert_eq!(
        (facts.layers, facts.d_model, facts.vocab, facts.head_dim),
        (Some(1), Some(32), Some(257), Some(32))
    );
    assert_eq!(header.tensors.len(), 12);
    // Untied: the embedding is not read whole.
    assert_eq!(header.weight_bytes() - header.decode_bytes(), 257 * 18);
    // Queries, keys, values and the attention's output: of the last block that is all.
    assert_eq!(header.prefill_params(), Some(4 * 32 * 32));
    assert_eq!(header.main_type(), Some(GgmlType::Q4_0));
    // Version 2 has the same layout.
    let mut second = bytes;
    second[4] = 2;
    assert_eq!(parsed(&second).unwrap().params(), header.params());
}

#[test]
fn refusals_say_what_is_wrong() {
    let bytes = small();
    let mut old = bytes.clone();
    old[4] = 1;
    let mut big = bytes.clone();
    big[4..8].copy_from_slice(&[0, 0, 0, 3]);
    let no_data = |records: Vec<u8>, count| crafted(&[], count, &records);
    let array = |element: u32, len: u64| [&element.to_le_bytes()[..], &len.to_le_bytes()].concat();
    let nested: Vec<u8> = (0..6).flat_map(|_| array(9, 1)).collect();
    for (bytes, problem) in [
        (
            b"PK\x03\x04 not a model at all, a zip file".to_vec(),
            r#"not a GGUF file (starts with "PK\x03\x04")"#,
        ),
        (b"GGUF".to_vec(), "only 4 bytes"),
        (old, "version 1"),
        (big, "big-endian"),
        (bytes[..bytes.len() - 4096].to_vec(), "truncated: tensor"),
        (bytes[..60].to_vec(), "truncated"),
        (crafted(&[("k", 99, vec![])], 0, &[]), "unknown value type 99"),
        (crafted(&[("k", 7, vec![2])], 0, &[]), "truth value of 2"),
        (crafted(&[("k", 8, u64::MAX.to_le_bytes().to_vec())], 0, &[]), "text of 18446744073709551615 bytes"),
        (crafted(&[("k", 8, 4096_u64.to_le_bytes().to_vec())], 0, &[]), "needs 4096 bytes"),
        (crafted(&[("k", 9, array(4, u64::MAX))], 0, &[]), "array of 18446744073709551615 values"),
        (crafted(&[("k", 9, array(4, 1 << 40))], 0, &[]), "array of"),
        (crafted(&[("k", 9, nested)], 0, &[0; 64]), "nests arrays"),
        (crafted(&[("k", 0, vec![1]), ("k", 0, vec![1])], 0, &[]), "twice"),
        (crafted(&[("general.alignment", 4, vec![3, 0, 0, 0])], 0, &[]), "alignment of 3"),
        (no_data(tensor("t", &[32], 4, 0), 1), "unknown or withdrawn type number 4"),
        (no_data(tensor("t", &[33], 2, 0), 1), "rows of 33"),
        (no_data(tensor("t", &[], 0, 0), 1), "0 dimensions"),
        (no_data(tensor("t", &[1; 5], 0, 0), 1), "5 dimensions"),
        (no_data(tensor("t", &[0], 0, 0), 1), "impossible dimensions"),
        (no_data(tensor("t", &[1 << 63, 4], 0, 0), 1), "impossible dimensions"),
        (no_data(tensor("t", &[1 << 62], 0, 0), 1), "impossible dimensions"),
        (no_data(tensor("t", &[8], 0, 7), 1), "not aligned"),
        (no_data(tensor("t", &[8], 0, u64::MAX - 31), 1), "impossible place"),
        (no_data(tensor("t", &[8], 0, 0), 1), r#"truncated: tensor "t" ends at byte 96, the file has 57"#),
        (no_data([tensor("t", &[8], 0, 0), tensor("t", &[8], 0, 32)].concat(), 2), "twice"),
        (no_data([tensor("t", &[16], 0, 0), tensor("u", &[8], 0, 32), vec![0; 999]].concat(), 2), "overlaps"),
        (no_data(tensor("t", &[8], 0, 0), u64::MAX), "18446744073709551615 tensors"),
        (no_data(tensor("t", &[8], 0, 0), 2), "the name of tensor 1"),
    ] {
        let found = parsed(&bytes).expect_err(problem);
        assert!(found.contains(problem), "{found:?} should say {problem:?}");
    }
}

#[test]
fn the_path_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("readme.gguf");
    assert!(read_one_file(&path).unwrap_err().to_string().contains("readme.gguf"));
    fs::write(&path, "# Read me first, it is not a model").unwrap();
    let error = read_one_file(&path).unwrap_err();
    assert!(error.to_string().contains("readme.gguf is text, not a model (it begins \"# Read me"), "{error}");
    assert!(error.remedy().contains("download the file itself"));
    fs::write(&path, [1, 2, 3, 4].repeat(9)).unwrap();
    let error = read_one_file(&path).unwrap_err().to_string();
    assert!(error.contains(r#"readme.gguf: not a GGUF file (starts with "\x01\x02\x03\x04")"#), "{error}");
    assert!(read_one_file(folder.path()).unwrap_err().to_string().contains("folder"));
    for (name, is_piece) in [
        ("m.gguf.part01", true),
        ("m.gguf.part1of2", true),
        ("m.gguf-split-b", true),
        ("m.gguf", false),
        ("part1.gguf", false),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, [1, 2, 3, 4].repeat(9)).unwrap();
        assert_eq!(read_one_file(&path).unwrap_err().remedy().contains("`cat "), is_piece, "{name}");
    }
}

#[test]
fn k_quants_and_experts_are_sized() {
    let records = [
        tensor("output.weight", &[256, 10], 14, 0),
        tensor("blk.0.ffn_up_exps.weight", &[256, 4, 8], 12, 2112),
    ];
    let number = |name, value: u8| (name, 4, vec![value, 0, 0, 0]);
    let metadata = [
        ("general.architecture", 8, [&5_u64.to_le_bytes()[..], b"llama"].concat()),
        number("llama.block_count", 2),
        number("llama.expert_count", 8),
        number("llama.expert_used_count", 2),
        number("llama.nextn_predict_layers", 1),
    ];
    let with = |metadata: &[(&str, u32, Vec<u8>)]| {
        parsed(&crafted(metadata, 2, &[records.concat(), vec![0; 1 << 14]].concat())).unwrap()
    };
    let header = with(&metadata[..4]);
    assert_eq!(header.weight_bytes(), 2100 + 32 * 144);
    assert_eq!(header.decode_bytes(), 2100 + 8 * 144);
    assert_eq!(header.prefill_params(), Some(8 * 256), "two of eight experts, and no output layer");
    assert_eq!(
        with(&metadata).prefill_params(),
        Some(0),
        "the last block is the first, behind which one predicts"
    );
    assert_eq!(with(&metadata[..2]).prefill_params(), None, "how many experts are chosen is not known");
    assert_eq!(with(&metadata[..1]).prefill_params(), None, "nor how many blocks there are");
}

#[test]
fn of_the_last_block_only_the_attention_sees_the_whole_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let shape =
        "arch=llama,layers=3,d_model=32,heads=1,vocab=257,d_ff=64,tied=no,context=16".parse().unwrap();
    make(&shape, &MakeOptions::default(), &path, &mut |_, _| {}).unwrap();
    let (attention, feed_forward) = (4 * 32 * 32, 3 * 32 * 64);
    let header = parsed(&fs::read(path).unwrap()).unwrap();
    assert_eq!(header.prefill_params(), Some(3 * attention + 2 * feed_forward));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = parsed(&bytes);
    }

    #[test]
    fn arbitrary_bodies_never_panic(
        counts in (0_u64..5, 0_u64..5),
        words in proptest::collection::vec(prop_oneof![0_u64..20, any::<u64>(), Just(u64::MAX), Just(1 << 63)], 0..60),
    ) {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(counts.0.to_le_bytes());
        bytes.extend(counts.1.to_le_bytes());
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        let _ = parsed(&bytes);
    }
}

#[test]
fn damaged_files_never_panic() {
    let good = small();
    let header = parsed(&good).unwrap();
    let end = usize::try_from(header.data_start).unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(3000));
    // One to four bits flipped in the header, or the file cut short.
    let flips = proptest::collection::vec((0..end, 0_u32..8), 1..5);
    runner
        .run(&(flips, proptest::option::weighted(0.2, 0..good.len())), |(flips, cut)| {
            let mut bytes = good.clone();
            for (at, bit) in flips {
                bytes[at] ^= 1 << bit;
            }
            bytes.truncate(cut.unwrap_or(good.len()));
            if let Ok(header) = parsed_part(&bytes) {
                // What is accepted is consistent.
                prop_assert!(header.cut_short().is_some() || header.weight_bytes() <= bytes.len() as u64);
                prop_assert!(header.decode_bytes() <= header.weight_bytes());
                let _ = (header.params(), header.shape_facts(), header.synthetic_shape());
            }
            Ok(())
        })
        .unwrap();
}
