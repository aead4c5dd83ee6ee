//! `bench models import` through the real agent, and a sweep on what it made.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use serde_json::Value;
use slm_testkit::{
    repository::{self, checkpoint},
    sandbox::Sandbox,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A copy of a checkpoint in the sandbox, to be changed.
fn copy(sandbox: &Sandbox, name: &str, to: &str) -> PathBuf {
    let folder = sandbox.path(to);
    repository::copy(&checkpoint(name), &folder);
    folder
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// An import that is refused: one line, nothing written.
fn refusal(sandbox: &Sandbox, options: &[&str]) -> String {
    let out = sandbox.path("refused");
    fs::create_dir_all(&out).unwrap();
    let file = out.join("m.gguf").display().to_string();
    let ran = sandbox.bench(&[&["models", "import"], options, &["-o", &file]].concat());
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "something was written");
    sandbox.redact(&ran.refusal(2))
}

#[test]
fn an_imported_model_is_measured_under_its_catalogue_name() {
    let sandbox = Sandbox::new();
    let folder = copy(&sandbox, "smollm", "SmolLM-135M-Instruct").display().to_string();
    let ran = sandbox.bench(&["models", "import", &folder, "--output", "json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
    let file = sandbox.path("models/imported/smollm-135m-instruct-q4_0.gguf");
    assert_eq!(printed["path"], file.display().to_string());
    let manifest = json(&sandbox.path("models/imported/smollm-135m-instruct-q4_0.gguf.json"));
    assert_eq!(manifest["file"]["bytes"], fs::metadata(&file).unwrap().len());
    assert_eq!(manifest["tensor_types"], serde_json::json!({"f32": 5, "q4_0": 15}));
    assert!(manifest["bits_per_weight"].as_f64().unwrap() < 5.0);
    assert_eq!(manifest["sources"].as_array().unwrap().len(), 4);
    assert_eq!(sandbox.names("models/imported").len(), 2, "the temporary file is gone");

    let options = "--models smollm-135m-instruct --prompt-tokens 50 --runs 1 --repetitions 1 --max-new-tokens 4 --warmups 0 \
                   --threads 1 --weights real";
    let ran = sandbox.sweep(options);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let trials = fs::read_to_string(sandbox.path("out/trials.csv")).unwrap();
    assert!(trials.contains(",smollm-135m-instruct,real,q4_0,"), "{trials}");
}

#[test]
fn without_an_import_models_stay_synthetic() {
    let sandbox = Sandbox::new();
    for weights in ["auto", "synthetic"] {
        let ran = sandbox.bench(&[
            "sweep",
            "--device",
            "local",
            "--models",
            "slimlm-125m",
            "--dry-run",
            "--output",
            "json",
            "--weights",
            weights,
        ]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains("\"synthetic\"") && !ran.stdout.contains("\"real\""));
    }
}

#[test]
fn auto_keeps_the_output_finer() {
    let sandbox = Sandbox::new();
    for (name, expected) in [("slimlm", "1 q8_0"), ("phi3", "1 q8_0"), ("mistral", "1 q8_0")] {
        let folder = checkpoint(name).display().to_string();
        let ran = sandbox.bench(&["models", "import", &folder, "--embd", "auto", "-o", "m.gguf"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    }
}

#[test]
fn what_cannot_be_imported_is_refused_in_one_line() {
    let sandbox = Sandbox::new();
    let folder = |name: &str, to: &str| copy(&sandbox, name, to);
    let edit = |folder: &Path, file: &str, change: &dyn Fn(&mut Value)| {
        let path = folder.join(file);
        let mut value = json(&path);
        change(&mut value);
        fs::write(path, value.to_string()).unwrap();
    };
    let mut lines = Vec::new();
    let mut refuse = |folder: &Path| lines.push(refusal(&sandbox, &[&folder.display().to_string()]));

    let falcon = folder("smollm", "falcon");
    edit(&falcon, "config.json", &|config| config["model_type"] = "falcon".into());
    refuse(&falcon);
    let wide = folder("smollm", "wide");
    edit(&wide, "config.json", &|config| config["intermediate_size"] = 64.into());
    refuse(&wide);
    let deep = folder("smollm", "deep");
    edit(&deep, "config.json", &|config| config["num_hidden_layers"] = 3.into());
    refuse(&deep);
    let shallow = folder("smollm", "shallow");
    edit(&shallow, "config.json", &|config| config["num_hidden_layers"] = 1.into());
    refuse(&shallow);
    let escape = folder("llama3", "escape");
    edit(&escape, "model.safetensors.index.json", &|index| {
        index["weight_map"]["lm_head.weight"] = "../../x.safetensors".into();
    });
    refuse(&escape);
    let cut = folder("smollm", "cut");
    let weights = fs::read(cut.join("model.safetensors")).unwrap();
    fs::write(cut.join("model.safetensors"), &weights[..weights.len() / 2]).unwrap();
    refuse(&cut);
    let spaces = folder("smollm", "spaces");
    edit(&spaces, "tokenizer.json", &|json| json["added_tokens"][1]["lstrip"] = true.into());
    refuse(&spaces);
    let bare = folder("slimlm", "bare");
    fs::remove_file(bare.join("tokenizer.json")).unwrap();
    refuse(&bare);
    refuse(&sandbox.path("nowhere"));
    insta::assert_snapshot!(lines.join("\n"));

    // The tokenizer of another folder serves.
    let other = checkpoint("slimlm").display().to_string();
    let bare = bare.display().to_string();
    let ran =
        sandbox.bench(&["models", "import", &bare, "--tokenizer", &other, "--type", "f16", "-o", "m.gguf"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// A pattern that is known, with merges that llama.cpp applies otherwise, passes every
/// look at the folder and fails only on the finished file.
#[test]
fn other_token_ids_keep_the_file_from_appearing() {
    let sandbox = Sandbox::with_agent_script(
        r#"[ "$1" = tokenize ] || exec "$AGENT" "$@"; "$AGENT" "$@" | sed 's/^{"ids":\[\[[0-9]*/{"ids":[[7/'"#,
    );
    let folder = checkpoint("smollm").display().to_string();
    let line = refusal(&sandbox, &[&folder]);
    assert!(line.contains("in other tokens than tokenizer.json"), "{line}");
    let sandbox = Sandbox::with_agent_script(
        r#"[ "$1" = tokenize ] && { echo "cannot load" >&2; exit 3; }; exec "$AGENT" "$@""#,
    );
    let line = refusal(&sandbox, &[&folder]);
    assert!(line.contains("cannot load"), "{line}");
}

#[test]
fn a_malicious_pickle_is_not_run() {
    let sandbox = Sandbox::new();
    let folder = copy(&sandbox, "slimlm", "evil");
    let path = folder.join("pytorch_model.bin");
    let mut bytes = fs::read(&path).unwrap();
    // The function that every pickle of torch names first, made another of its length.
    let name = b"ctorch._utils\n_rebuild_tensor_v2\n";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    let evil = format!("cos\nsystem{}\n", " ".repeat(name.len() - 11));
    bytes[at..at + name.len()].copy_from_slice(evil.as_bytes());
    fs::write(&path, bytes).unwrap();
    let line = refusal(&sandbox, &[&folder.display().to_string()]);
    assert!(line.contains("\"os.system") && line.contains("nothing was run"), "{line}");
}
