//! Checkpoints of the hub, imported, against torch.
//!
//! `tools/import_reference.py` made the checkpoints and the logits that torch gives
//! for them. Agreement shows that names, orders of rows, norms, rotation and metadata
//! of imported files mean to the engine what they should.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made_models;

use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_sys_2::LLAMA_FLASH_ATTN_TYPE_DISABLED;
use made_models::{load, logits, most_likely};
use serde::Deserialize;
use slm_import::{Embeddings, Import, ImportError, Request};
use slm_models::{FileType, TensorInfo, read_header};
use slm_protocol::{TokenizeReport, TokenizeRequest};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Checkpoint and the largest difference from torch that is allowed, relative to the
/// spread (RMS) of the logits, for F32 and for F16 files. GELU is looked up in a table
/// of f16 numbers (`SlimLM`, Gemma 2); matrices in F16 take their inputs in f16, too.
const CHECKPOINTS: [(&str, f64, f64); 12] = [
    ("slimlm", 6e-3, 1e-2),
    ("smollm", 1e-4, 1e-2),
    ("llama3", 1e-4, 1e-2),
    ("llama-biases", 1e-4, 1e-2),
    ("tinyllama", 1e-4, 1e-2),
    ("mistral", 1e-4, 1e-2),
    ("mistral-metaspace", 1e-4, 1e-2),
    ("qwen2", 1e-4, 1e-2),
    ("qwen3", 1e-4, 1e-2),
    ("gemma2", 6e-3, 1e-2),
    ("phi3", 1e-4, 1e-2),
    ("phi3-mini", 1e-4, 1e-2),
];

#[derive(Deserialize)]
struct Expected {
    ids: Vec<u32>,
    likeliest: Vec<u32>,
}

fn checkpoint(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../import/tests/checkpoints").join(name)
}

fn request(folder: PathBuf, weights: FileType) -> Request {
    Request {
        folder,
        tokenizer: None,
        weights,
        embeddings: Embeddings::Same,
        name: None,
        repository: None,
        commit: None,
    }
}

/// The agent's word on a file.
fn agent(path: &Path, request: &TokenizeRequest) -> Result<TokenizeReport, String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_slm-agent"))
        .arg("tokenize")
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), request).unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).map_err(|_| format!("the agent ended with {}", output.status))
}

fn import(folder: PathBuf, weights: FileType, to: &Path) -> Result<slm_import::Imported, ImportError> {
    Import::read(request(folder, weights))?.write(to, &mut agent, &mut |_, _| ControlFlow::Continue(()))
}

/// Logits of the last positions as torch has them, one row each.
fn reference(name: &str) -> Vec<Vec<f32>> {
    let bytes = fs::read(checkpoint(name).join("logits.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let view = tensors.tensor("logits").unwrap();
    let values: Vec<f32> = view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    values.chunks(view.shape()[1]).map(<[f32]>::to_vec).collect()
}

/// The largest difference, relative to the spread of what is expected.
fn difference(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let square = |value: &f32| f64::from(*value) * f64::from(*value);
    let spread = (expected.iter().map(square).sum::<f64>() / expected.len() as f64).sqrt();
    let worst = found.iter().zip(expected).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max);
    worst / spread
}

/// Checks one file against torch; the largest difference.
fn against_torch(name: &str, path: &Path, tolerance: f64) -> f64 {
    let expected: Expected =
        serde_json::from_slice(&fs::read(checkpoint(name).join("expected.json")).unwrap()).unwrap();
    let rows = reference(name);
    let parameters = LlamaContextParams::default()
        .with_type_k(KvCacheType::F32)
        .with_type_v(KvCacheType::F32)
        .with_flash_attention_policy(LLAMA_FLASH_ATTN_TYPE_DISABLED);
    let (first, rest) = expected.ids.split_at(1);
    let found = logits(&load(path), parameters, first, rest);
    assert_eq!(found.len(), expected.likeliest.len());
    let skipped = found.len() - rows.len();
    let differences = found.iter().skip(skipped).zip(&rows).map(|(found, row)| difference(found, row));
    let worst = differences.fold(0.0, f64::max);
    assert!(worst < tolerance, "{name}: differs by {worst:.2e} of the spread");
    // Random weights make near ties now and then; a wrong conversion agrees nowhere.
    let same =
        found.iter().zip(&expected.likeliest).filter(|(found, best)| most_likely(found) == **best).count();
    assert!(same + 1 >= found.len(), "{name}: {same} of {} likeliest tokens agree", found.len());
    worst
}

#[test]
fn imported_checkpoints_give_the_logits_of_torch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let mut report = String::new();
    for (name, exact, rounded) in CHECKPOINTS {
        for (weights, tolerance) in [(FileType::F32, exact), (FileType::F16, rounded)] {
            let imported = import(checkpoint(name), weights, &path).unwrap();
            assert!(imported.texts > 400, "{name}: only {} texts compared", imported.texts);
            let worst = against_torch(name, &path, tolerance);
            let _ = writeln!(report, "{name} {weights}: {worst:.1e} of the spread, {} texts", imported.texts);
        }
    }
    let known: Vec<String> = CHECKPOINTS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    for entry in fs::read_dir(checkpoint("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} is not tried");
    }
    // Seen with --nocapture.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), report.as_bytes());
}

/// Changes bytes of a file in place.
fn replace(path: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    fs::write(path, bytes).unwrap();
}

/// A file from which the engine splits texts in another way does not appear.
#[test]
fn a_file_that_splits_texts_otherwise_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    for (name, from, to) in [
        // Without the space before texts, or without what is dropped after special tokens.
        ("mistral-metaspace", "prefix-start", "nfc         "),
        ("phi3-mini", r#"["</s>","<|assistant|>""#, r#"["</s>","<|assistent|>""#),
        ("gemma2", "tokenizer.ggml.add_space_prefix", "tokenizer.ggml.add_space_prefiy"),
        // Two tokens change their places.
        ("tinyllama", "▁the", "▁teh"),
    ] {
        let import = Import::read(request(checkpoint(name), FileType::F32)).unwrap();
        let mut spoilt = |part: &Path, request: &TokenizeRequest| {
            replace(part, from, to);
            agent(part, request)
        };
        let error =
            import.write(&path, &mut spoilt, &mut |_, _| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(error.contains("in other tokens than tokenizer.json"), "{name}: {error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
    }
}

/// The agent's quantizer on a file, every matrix in one type.
fn quantized(from: &Path, to: &Path, name: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slm-agent"));
    command.args(["quantize", "--type", name, "--embd", name, "--head", name]);
    let status = command.arg("--input").arg(from).arg("--output").arg(to).stdout(Stdio::null()).status();
    assert!(status.unwrap().success(), "{name}");
}

/// Every tensor's type and bytes.
fn tensors(path: &Path) -> BTreeMap<String, (&'static str, Vec<u8>)> {
    let (header, bytes) = (read_header(path).unwrap(), fs::read(path).unwrap());
    let data = |tensor: &TensorInfo| {
        let start = usize::try_from(header.data_start + tensor.offset).unwrap();
        bytes[start..start + usize::try_from(tensor.bytes).unwrap()].to_vec()
    };
    let tensor = |tensor| (TensorInfo::clone(tensor).name, (tensor.ggml_type.name(), data(tensor)));
    header.tensors.iter().map(tensor).collect()
}

/// What the conversion writes itself is what the engine's quantizer makes of the F32 file.
#[test]
fn converted_values_are_those_of_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let [exact, ours, theirs] = ["f32", "ours", "theirs"].map(|name| folder.path().join(name));
    for (name, ..) in CHECKPOINTS {
        import(checkpoint(name), FileType::F32, &exact).unwrap();
        for kind in [FileType::Q4_0, FileType::Q8_0, FileType::F16] {
            import(checkpoint(name), kind, &ours).unwrap();
            quantized(&exact, &theirs, kind.name());
            let (ours, theirs) = (tensors(&ours), tensors(&theirs));
            assert!(ours.values().any(|(ggml_type, _)| *ggml_type == kind.name()));
            for (tensor, found) in &ours {
                let expected = &theirs[tensor];
                assert!(found == expected, "{name} {kind} {tensor}: {} and {}", found.0, expected.0);
            }
            assert_eq!(ours.len(), theirs.len());
        }
    }
}
