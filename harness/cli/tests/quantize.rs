//! `bench models quantize` through the real engine, on small synthetic models.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use serde_json::Value;
use slm_models::{GgmlType, QuantType, read_header};
use slm_testkit::{
    processes::Live,
    sandbox::{Ran, Sandbox},
};
use std::{fs, os::unix::fs::symlink};

/// Rows of whole blocks for every type; tied.
const WHOLE: &str = "shape:arch=llama,layers=2,d_model=256,heads=4,d_ff=256,vocab=512";
/// Rows of 64: too short for types with blocks of 256.
const NARROW: &str = "shape:arch=llama,layers=2,d_model=64,heads=2,d_ff=128,vocab=1024";

fn sandbox(shape: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let ran = sandbox.bench(&["models", "make", shape, "--quant", "f16", "--out", "in.gguf"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    sandbox
}

fn quantize(sandbox: &Sandbox, options: &str) -> Ran {
    let fixed = ["models", "quantize"];
    sandbox.bench(&fixed.into_iter().chain(options.split_whitespace()).collect::<Vec<_>>())
}

/// It must fail in one line and leave only the input.
fn refused(sandbox: &Sandbox, options: &str, codes: &[i32]) -> String {
    let before = sandbox.names(".");
    let ran = quantize(sandbox, options);
    assert!(codes.contains(&ran.code.unwrap_or(-1)) && ran.stdout.is_empty(), "{options}: {ran:?}");
    // Remarks on fallbacks may come before it.
    let errors: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("bench: ")).collect();
    assert!(errors.len() == 1 && ran.stderr.lines().last() == Some(errors[0]), "{options}: {ran:?}");
    assert_eq!(sandbox.names("."), before, "{options}");
    errors[0].to_owned()
}

#[test]
fn every_type_is_made_loaded_and_measured_or_refused_by_name() {
    let sandbox = sandbox(WHOLE);
    let mut sizes = Vec::new();
    for quant in QuantType::all() {
        let ran = quantize(&sandbox, &format!("in.gguf {quant}.gguf --type {quant} --output json"));
        if ran.code == Some(2) {
            // Those that no engine makes well without an importance matrix.
            assert!(ran.stderr.contains("importance matrix"), "{ran:?}");
            assert!(quant.name().starts_with("iq") || quant.name() == "q2_k_s", "{quant}");
            continue;
        }
        assert_eq!(ran.code, Some(0), "{quant}: {ran:?}");
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        let header = read_header(&sandbox.path(&format!("{quant}.gguf"))).unwrap();
        assert_eq!(told["weight_bytes"], header.weight_bytes(), "{quant}");
        let file_type = header.metadata["general.file_type"].as_u64();
        assert_eq!(file_type, Some(quant.file_type().into()), "{quant}");
        sizes.push((quant.name(), header.weight_bytes()));
    }
    let size = |name| sizes.iter().find(|(known, _)| *known == name).unwrap().1;
    let falling = ["f32", "f16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m", "q2_k", "tq1_0"];
    assert!(falling.windows(2).all(|pair| size(pair[0]) > size(pair[1])), "{sizes:?}");
    assert_eq!(size("bf16"), size("f16"));
    assert!(sizes.len() >= 25, "{sizes:?}");
}

#[test]
fn the_embedding_has_the_type_asked_for_and_the_manifest_tells_all() {
    let sandbox = sandbox(WHOLE);
    let embedding = |name: &str| {
        let header = read_header(&sandbox.path(name)).unwrap();
        header.tensors.iter().find(|tensor| tensor.name == "token_embd.weight").unwrap().ggml_type
    };
    let ran = quantize(&sandbox, "in.gguf auto.gguf --type q4_0");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(embedding("auto.gguf").name(), "q6_K");
    let ran = quantize(&sandbox, "in.gguf sub/q4.gguf --type q4_0 --embd q4_0");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(embedding("sub/q4.gguf"), GgmlType::Q4_0);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(sandbox.names("sub"), ["q4.gguf", "q4.gguf.json"]);
    let manifest: Value =
        serde_json::from_slice(&fs::read(sandbox.path("sub/q4.gguf.json")).unwrap()).unwrap();
    let hash = |name: &str| slm_plan::digest::sha256_hex(fs::read(sandbox.path(name)).unwrap());
    assert_eq!(manifest["sha256"], hash("sub/q4.gguf"));
    assert_eq!(manifest["source"]["sha256"], hash("in.gguf"));
    assert_eq!((&manifest["type"], &manifest["embd"]), (&"q4_0".into(), &"q4_0".into()));
    assert!(manifest["engine"].as_str().unwrap().contains("ggml"), "{manifest}");
    // The same bytes as this project's own writer makes sizes for: 4.5 bits a weight, norms in f32.
    let bits = manifest["bits_per_weight"].as_f64().unwrap();
    assert!((4.5..4.6).contains(&bits), "{bits}");
    // It measures like any other file.
    let ran = sandbox.sweep("--models sub/q4.gguf --chunks 0 --runs 1 --repetitions 1 --max-new-tokens 4");
    assert!(matches!(ran.code, Some(0 | 1)) && ran.stdout.contains("q4.gguf"), "{ran:?}");
}

#[test]
fn a_dry_run_tells_the_size_and_writes_nothing() {
    let sandbox = sandbox(WHOLE);
    let dry = quantize(&sandbox, "in.gguf out.gguf --type q4_k_m --dry-run --output json");
    assert_eq!(sandbox.names("."), ["in.gguf", "tmp"]);
    let done = quantize(&sandbox, "in.gguf out.gguf --type q4_k_m --output json");
    let value = |ran: &Ran| serde_json::from_str::<Value>(&ran.stdout).unwrap();
    for key in ["weight_bytes", "bits_per_weight", "tensor_types", "fallbacks"] {
        assert_eq!(value(&dry)[key], value(&done)[key], "{key}");
    }
}

#[test]
fn fallbacks_are_told_and_strict_refuses_them() {
    let sandbox = sandbox(NARROW);
    let error = refused(&sandbox, "in.gguf out.gguf --type q4_k_m --strict", &[2]);
    assert!(error.contains("12 q4_K -> q5_0, 2 q6_K -> q8_0"), "{error}");
    let ran = quantize(&sandbox, "in.gguf out.gguf --type q4_k_m");
    assert!(ran.code == Some(0) && ran.stderr.contains("14 of 20 tensors"), "{ran:?}");
    let manifest: Value = serde_json::from_slice(&fs::read(sandbox.path("out.gguf.json")).unwrap()).unwrap();
    assert_eq!(manifest["fallbacks"].as_array().unwrap().len(), 14);
    let ran = quantize(&sandbox, "in.gguf q4.gguf --type q4_0 --embd q4_0 --strict");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let error = refused(&sandbox, "in.gguf o.gguf --type q4_0 --embd q4_k", &[2]);
    assert!(error.contains("rows of token_embd.weight have 64 elements"), "{error}");
}

#[test]
fn the_source_is_never_written_over() {
    let sandbox = sandbox(NARROW);
    fs::hard_link(sandbox.path("in.gguf"), sandbox.path("hard.gguf")).unwrap();
    symlink("in.gguf", sandbox.path("soft.gguf")).unwrap();
    fs::copy(sandbox.path("in.gguf"), sandbox.path("x.gguf.part")).unwrap();
    let before = fs::read(sandbox.path("in.gguf")).unwrap();
    for out in ["in.gguf", "./in.gguf", "hard.gguf", "soft.gguf", "."] {
        refused(&sandbox, &format!("in.gguf {out} --type q4_0"), &[2]);
    }
    refused(&sandbox, "soft.gguf in.gguf --type q4_0", &[2]);
    // Its temporary file would be the source.
    refused(&sandbox, "x.gguf.part x.gguf --type q4_0", &[2]);
    assert_eq!(fs::read(sandbox.path("in.gguf")).unwrap(), before);
    assert_eq!(fs::read(sandbox.path("x.gguf.part")).unwrap(), before);
}

#[test]
fn results_are_kept_by_hash() {
    let sandbox = sandbox(NARROW);
    let first = quantize(&sandbox, "in.gguf --type q4_0 --output json");
    let again = quantize(&sandbox, "in.gguf --type q4_0");
    assert_eq!((first.code, again.code), (Some(0), Some(0)), "{first:?} {again:?}");
    let told: Value = serde_json::from_str(&first.stdout).unwrap();
    let file = told["file"].as_str().unwrap();
    assert!(again.stdout.starts_with(&format!("{file}: made before,")), "{again:?}");
    // Another source of the same name is another file.
    let other =
        sandbox.bench(&["models", "make", NARROW, "--quant", "f16", "--seed", "2", "--out", "in.gguf"]);
    assert_eq!(other.code, Some(0));
    let other = quantize(&sandbox, "in.gguf --type q4_0");
    assert!(other.code == Some(0) && !other.stdout.contains(file), "{other:?}");
    assert_eq!(sandbox.names("models/quantized").len(), 4);
}

/// Sets a 32-bit number in a file's metadata.
fn set(bytes: &mut [u8], key: &str, value: u32) {
    let at = bytes.windows(key.len()).position(|window| window == key.as_bytes()).unwrap() + key.len() + 4;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn hostile_files_are_refused_in_one_line_and_nothing_is_written() {
    let sandbox = sandbox(NARROW);
    let good = fs::read(sandbox.path("in.gguf")).unwrap();
    let mut huge = b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0t\x01\0\0\0".to_vec();
    huge.extend((1_u64 << 62).to_le_bytes());
    huge.extend([0; 12]);
    for (bytes, words) in [
        (&good[..good.len() - 64], "truncated"),
        (&good[..100], "truncated"),
        (&huge[..], "impossible"),
        (b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "corrupt"),
        (b"PK\x03\x04 a zip file it is, and no model", "not a GGUF file"),
    ] {
        fs::write(sandbox.path("bad.gguf"), bytes).unwrap();
        let error = refused(&sandbox, "bad.gguf out.gguf --type q4_0", &[2]);
        assert!(error.contains(words), "{error}");
    }
    // Headers that hold together, with metadata that the engine chokes on: it may say so,
    // or end its process.
    for (key, value) in [
        ("llama.block_count", u32::MAX),
        ("llama.block_count", 100_000),
        ("llama.embedding_length", 0),
        ("llama.attention.head_count", 0),
        ("llama.attention.head_count", u32::MAX),
        ("llama.attention.head_count_kv", 0),
        ("llama.rope.dimension_count", u32::MAX),
        ("llama.context_length", u32::MAX),
    ] {
        let mut bytes = good.clone();
        set(&mut bytes, key, value);
        fs::write(sandbox.path("bad.gguf"), bytes).unwrap();
        let error = refused(&sandbox, "bad.gguf out.gguf --type q4_0", &[2, 4]);
        assert!(error.contains("bad.gguf") || error.contains("nothing was written"), "{key}: {error}");
    }
    // One block too few: the engine quantizes it without a word, and cannot load it.
    let mut bytes = good;
    set(&mut bytes, "llama.block_count", 1);
    fs::write(sandbox.path("bad.gguf"), bytes).unwrap();
    let error = refused(&sandbox, "bad.gguf other.gguf --type q4_0", &[2, 4]);
    assert!(error.contains("the result is not usable and was removed"), "{error}");
}

#[test]
fn an_engine_that_aborts_is_one_line() {
    let sandbox = Sandbox::with_agent_script(
        r#"case "$*" in *dry-run*) exec "$AGENT" "$@";; quantize*) echo 'slm-agent: the engine aborts: x' >&2; kill -ABRT $$;; esac
exec "$AGENT" "$@""#,
    );
    let ran = sandbox.bench(&["models", "make", NARROW, "--quant", "f16", "--out", "in.gguf"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let error = refused(&sandbox, "in.gguf out.gguf --type q4_0", &[4]);
    assert!(error.contains("signal 6 (SIGABRT)") && error.contains("the engine aborts: x"), "{error}");
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    // The real agent, held up before it begins, as with a large model.
    let sandbox = Sandbox::with_agent_script(
        r#"case "$*" in *dry-run*) exec "$AGENT" "$@";; esac
touch working; exec sleep 60"#,
    );
    let ran = sandbox.bench(&["models", "make", NARROW, "--quant", "f16", "--out", "in.gguf"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let live = Live::start(&sandbox, &["models", "quantize", "in.gguf", "out.gguf", "--type", "q4_0"]);
    slm_testkit::processes::wait_until("the agent", || sandbox.path("working").exists());
    assert!(sandbox.path("out.gguf.part").exists());
    slm_testkit::processes::signal(live.pid(), rustix::process::Signal::INT);
    assert_eq!(live.wait().code, Some(130));
    assert_eq!(sandbox.names("."), ["agent.sh", "in.gguf", "stderr.txt", "tmp", "working"]);
}
