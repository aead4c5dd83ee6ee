//! `bench models import` through the real agent, and a sweep on what it made.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use serde_json::{Value, json};
use slm_models::{Catalogue, PerLayer};
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

/// Changes a JSON file of a folder.
fn edit(folder: &Path, file: &str, change: &dyn Fn(&mut Value)) {
    let path = folder.join(file);
    let mut value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
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

/// A checkpoint with the shape of SmolLM-135M-Instruct: all weights 0, in a file with holes.
fn exact_shape(sandbox: &Sandbox, to: &str) -> PathBuf {
    let folder = copy(sandbox, "smollm", to);
    let shape = &Catalogue::builtin().find("smollm-135m-instruct").unwrap().shape;
    let one = |sizes: &PerLayer| u64::from(sizes.as_uniform().unwrap());
    let (layers, width, vocab) = (shape.layers(), u64::from(shape.d_model()), u64::from(shape.vocab()));
    let (heads, kv_heads, hidden) = (one(shape.heads()), one(shape.kv_heads()), one(shape.d_ff()));
    let kv = kv_heads * u64::from(shape.head_dim());
    edit(&folder, "config.json", &|config| {
        for (key, value) in [
            ("num_hidden_layers", layers.into()),
            ("hidden_size", width),
            ("num_attention_heads", heads),
            ("num_key_value_heads", kv_heads),
            ("head_dim", shape.head_dim().into()),
            ("intermediate_size", hidden),
            ("vocab_size", vocab),
            ("max_position_embeddings", shape.context().into()),
            ("rope_theta", shape.rope_theta().into()),
        ] {
            config[key] = value.into();
        }
        config["rope_parameters"] = json!({"rope_type": "default", "rope_theta": shape.rope_theta()});
    });
    let mut tensors =
        vec![("model.embed_tokens".to_owned(), vec![vocab, width]), ("model.norm".into(), vec![width])];
    for layer in 0..layers {
        for (name, dims) in [
            ("input_layernorm", vec![width]),
            ("post_attention_layernorm", vec![width]),
            ("self_attn.q_proj", vec![width, width]),
            ("self_attn.k_proj", vec![kv, width]),
            ("self_attn.v_proj", vec![kv, width]),
            ("self_attn.o_proj", vec![width, width]),
            ("mlp.gate_proj", vec![hidden, width]),
            ("mlp.up_proj", vec![hidden, width]),
            ("mlp.down_proj", vec![width, hidden]),
        ] {
            tensors.push((format!("model.layers.{layer}.{name}"), dims));
        }
    }
    let (mut header, mut at) = (serde_json::Map::new(), 0);
    for (name, dims) in tensors {
        let end = at + 2 * dims.iter().product::<u64>();
        header.insert(
            format!("{name}.weight"),
            json!({"dtype": "BF16", "shape": dims, "data_offsets": [at, end]}),
        );
        at = end;
    }
    let header = serde_json::to_vec(&header).unwrap();
    let path = folder.join("model.safetensors");
    fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], &header].concat()).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(8 + header.len() as u64 + at).unwrap();
    folder
}

#[test]
fn an_imported_model_is_measured_under_its_catalogue_name() {
    let sandbox = Sandbox::new();
    let folder = exact_shape(&sandbox, "SmolLM-135M-Instruct").display().to_string();
    let ran = sandbox.bench(&["models", "import", &folder, "--type", "f16", "--output", "json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
    let file = sandbox.path("models/imported/smollm-135m-instruct-f16.gguf");
    assert_eq!(
        (printed["path"].as_str(), printed["parameters"].as_u64()),
        (file.to_str(), Some(134_515_008))
    );
    let options = "--models smollm-135m-instruct --prompt-tokens 8 --runs 1 --repetitions 1 --max-new-tokens 2 --warmups 0 \
                   --threads 1 --quant f16";
    let ran = sandbox.sweep(options);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let trials = fs::read_to_string(sandbox.path("out/trials.csv")).unwrap();
    assert!(trials.contains(",smollm-135m-instruct,real,f16,"), "{trials}");
    // What is made of it is at hand, so real weights need not be asked for.
    let dry = "sweep --device local --models smollm-135m-instruct --dry-run --output json --quant";
    let planned = |options: &str| {
        let ran = sandbox.bench(&format!("{dry} {options}").split_whitespace().collect::<Vec<_>>());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout
    };
    let real = planned("f16,q4_k_m,q5_0");
    assert!(real.contains("\"real\"") && !real.contains("\"synthetic\""), "{real}");
    assert!(!planned("q4_0 --weights synthetic").contains("\"real\""));
    // Another model in its place, as an import left it that did not look, is found out.
    let tiny = checkpoint("smollm").display().to_string();
    let ran = sandbox.bench(&["models", "import", &tiny, "--type", "f16", "-o", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let line = sandbox.sweep(options).refusal(2);
    assert!(
        line.contains("is kept as smollm-135m-instruct, but is another model: layers 2 (catalogue: 30)"),
        "{line}"
    );
}

#[test]
fn a_folder_called_as_another_model_is_refused_and_any_other_name_kept() {
    let sandbox = Sandbox::new();
    let folder = copy(&sandbox, "smollm", "SmolLM-135M-Instruct").display().to_string();
    let line = sandbox.bench(&["models", "import", &folder]).refusal(2);
    for words in [
        "is called as smollm-135m-instruct of the catalogue, but is of another shape: layers 2 (catalogue: 30)",
        "parameters ",
        "rename the folder, or choose a place with --out",
    ] {
        assert!(line.contains(words), "{line}");
    }
    assert!(!sandbox.path("models/imported").exists());
    // The context and the base of rotation count, too: all else is the same here.
    for (key, value, words) in [
        ("max_position_embeddings", 8192, "another shape: context 8192 (catalogue: 2048);"),
        ("rope_theta", 100_000, "another shape: rope base 100000 (catalogue: 10000);"),
    ] {
        let folder = exact_shape(&sandbox, "smollm-135m-instruct");
        edit(&folder, "config.json", &|config| {
            config[key] = value.into();
            config["rope_parameters"]["rope_theta"] = config["rope_theta"].clone();
        });
        let line = sandbox.bench(&["models", "import", folder.to_str().unwrap()]).refusal(2);
        assert!(line.contains(words), "{line}");
    }

    // Under a name of the user's it is found again by that name, and bears it.
    let folder = copy(&sandbox, "smollm", "Hub").display().to_string();
    let ran = sandbox.bench(&["models", "import", &folder, "--type", "q8_0"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("measure it with --models Hub"), "{ran:?}");
    let ran = sandbox.bench(&["models", "show", "hub", "--output", "json"]);
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((shown["name"].as_str(), shown["kind"].as_str()), (Some("Hub"), Some("text generator")));
    let few = "--prompt-tokens 8 --runs 1 --repetitions 1 --max-new-tokens 2 --warmups 0 --threads 1";
    let ran = sandbox.sweep(&format!("--models hub {few}"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let trials = fs::read_to_string(sandbox.path("out/trials.csv")).unwrap();
    assert!(trials.contains(",hub,real,q8_0,"), "{trials}");
    let line = sandbox.sweep(&format!("--models hub --quant q4_k_m {few}")).refusal(2);
    assert!(line.contains("hub was imported as q8_0 only; import it again with --type f16"), "{line}");
    let line = sandbox.sweep(&format!("--models ./Hub {few}")).refusal(2);
    assert!(
        line.contains(
            "./Hub is the folder of a checkpoint; convert it first with `bench models import ./Hub`"
        ),
        "{line}"
    );
}

/// The embedding and the output are one by `config.json`, but the checkpoint stores both.
#[test]
fn another_output_than_the_embedding_is_told() {
    let sandbox = Sandbox::new();
    for (name, change, told) in [("same", false, false), ("other", true, true)] {
        let folder = copy(&sandbox, "smollm", name);
        let path = folder.join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        let (head, rest) = bytes.split_at(8);
        let length = usize::try_from(u64::from_le_bytes(head.try_into().unwrap())).unwrap();
        let (header, data) = rest.split_at(length);
        let mut header: Value = serde_json::from_slice(header).unwrap();
        let mut output = header["model.embed_tokens.weight"].clone();
        let place = |at: usize| usize::try_from(output["data_offsets"][at].as_u64().unwrap()).unwrap();
        let mut stored = data[place(0)..place(1)].to_vec();
        if change {
            *stored.last_mut().unwrap() ^= 1;
        }
        output["data_offsets"] = json!([data.len(), data.len() + stored.len()]);
        header["lm_head.weight"] = output;
        let header = serde_json::to_vec(&header).unwrap();
        let parts = [&(header.len() as u64).to_le_bytes()[..], &header, data, &stored];
        fs::write(&path, parts.concat()).unwrap();
        let ran = sandbox.bench(&["models", "import", folder.to_str().unwrap(), "-o", "m.gguf"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let words = "stores an output (lm_head.weight) that is not its embedding";
        assert_eq!(ran.stderr.contains(words), told, "{}", ran.stderr);
    }
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
