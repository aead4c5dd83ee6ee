//! Real models from their name to their rows: pulled from a hub on loopback, converted,
//! quantized and measured by one command; and the user's own files in fewer bits.

use serde_json::Value;
use slm_testkit::{
    hub::{COMMIT, MockHub},
    repository::checkpoint,
    results::Results,
    sandbox::{Ran, Sandbox, run},
};
use std::fs;

fn bench(sandbox: &Sandbox, hub: &MockHub, line: &str) -> Ran {
    let mut command = sandbox.command(&line.split_whitespace().collect::<Vec<_>>());
    hub.settle(&sandbox.path("hf"), &mut command);
    run(command)
}

fn well(sandbox: &Sandbox, hub: &MockHub, line: &str) -> Ran {
    let ran = bench(sandbox, hub, line);
    assert_eq!(ran.code, Some(0), "{line}: {ran:?}");
    ran
}

/// It must fail in one line.
fn refused(sandbox: &Sandbox, hub: &MockHub, line: &str) -> String {
    bench(sandbox, hub, line).refusal(2)
}

const SHORT: &str = "--prompt-tokens 16 --runs 1 --repetitions 1 --max-new-tokens 2 --warmups 0 --threads 1";

/// What differs between rows of trials.csv: model, weights, quantization and status.
fn rows(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let columns = ["model", "weights", "quant", "status"];
    let trials = Results::named(sandbox, folder).trials();
    let mut rows: Vec<String> =
        trials.iter().map(|row| columns.map(|column| row.get(column)).join(" ")).collect();
    rows.sort();
    rows.dedup();
    rows
}

#[test]
fn a_repository_is_imported_by_its_name() {
    let (sandbox, hub) = (Sandbox::new(), MockHub::of_checkpoint("qwen2"));
    let ran = well(&sandbox, &hub, "models import good/m --output json");
    let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&printed["repository"], &printed["commit"]), (&"good/m".into(), &COMMIT.into()));
    let kept = "good--m-0123456789ab-q4_0.gguf";
    assert_eq!(printed["path"], sandbox.path("models/imported").join(kept).display().to_string());
    // A tag leads to the same commit, and so to the same file; the weights are not loaded again.
    let downloads = hub.downloads().len();
    well(&sandbox, &hub, "models import hf:good/m@v1 --type q8_0 -o other.gguf");
    assert_eq!(hub.downloads().len(), downloads);
    well(&sandbox, &hub, &format!("sweep --device local --out out --models hf:good/m@v1 {SHORT}"));
    assert_eq!(rows(&sandbox, "out"), ["good/m real q4_0 completed"]);
    assert_eq!(sandbox.names("models/imported"), [kept.to_owned(), format!("{kept}.json")]);
    for (typed, words) in [
        ("models import gone/m", "has no repository gone/m"),
        ("models import good/m@dev", "has no revision dev"),
        ("models import good/m:config.json", "give the repository without it"),
        ("models import good/m --type q4_k_m", "import as f16 and quantize that"),
        ("models import nowhere", "there is no folder nowhere"),
        ("models import ./good/m", "there is no folder ./good/m"),
        ("models import slimlm-125m", "has no repository on the hub"),
        ("models import good/m --tokenizer gone/m", "has no repository gone/m"),
        ("models show hf:good/m", "bench models import good/m"),
        ("models show hf:good/m:config.json", "is no GGUF file"),
    ] {
        let line = refused(&sandbox, &hub, typed);
        assert!(line.contains(words), "{typed}: {line}");
    }
}

#[test]
fn one_command_measures_a_real_model_in_several_types() {
    let (sandbox, hub) = (Sandbox::new(), MockHub::of_checkpoint("smollm"));
    let models = "--models hf:good/m --quant q4_0,f16,q4_k_m";
    let ran = well(&sandbox, &hub, &format!("sweep --device local --out out {models} {SHORT}"));
    assert!(ran.stderr.contains("good/m: real weights of"), "{}", ran.stderr);
    let expected = ["f16", "q4_0", "q4_k_m"].map(|quant| format!("good/m real {quant} completed"));
    assert_eq!(rows(&sandbox, "out"), expected);
    let manifest = sandbox.path("models/imported/good--m-0123456789ab-f16.gguf.json");
    let manifest: Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    assert_eq!(manifest["repository"], "good/m");
    // The weights are there now: they are not loaded again.
    let downloads = hub.downloads().len();
    well(
        &sandbox,
        &hub,
        &format!("sweep --device local --out again --models hf:good/m --quant q5_0 {SHORT}"),
    );
    assert_eq!(hub.downloads().len(), downloads);
}

#[test]
fn a_repository_that_is_not_the_catalogues_model_keeps_its_own_name() {
    let (sandbox, hub) = (Sandbox::new(), MockHub::of_checkpoint("smollm"));
    let named =
        format!("sweep --device local --out out --models smollm-135m-instruct --weights real {SHORT}");
    let line = refused(&sandbox, &hub, &named);
    let repo = "HuggingFaceTB/SmolLM-135M-Instruct";
    assert!(
        line.contains(&format!("{repo} is smollm-135m-instruct in the catalogue, but of another shape")),
        "{line}"
    );
    let own = format!("hf:{repo}@{COMMIT}");
    assert!(line.ends_with(&format!("measure it under its own name, as {own}")), "{line}");
    well(&sandbox, &hub, &format!("sweep --device local --out out --models {own} {SHORT}"));
    assert_eq!(rows(&sandbox, "out"), [format!("{repo} real q4_0 completed")]);
}

#[test]
fn what_is_not_there_stays_synthetic_unless_real_is_asked_for() {
    let (sandbox, hub) = (Sandbox::new(), MockHub::of_checkpoint("smollm"));
    let dry = "sweep --device local --models smollm-135m-instruct --dry-run --output json";
    assert!(well(&sandbox, &hub, dry).stdout.contains("\"synthetic\""));
    assert!(hub.seen().is_empty());
    let real = format!("sweep --device local --out out --models smollm-135m-instruct --weights real {SHORT}");
    let mut offline = sandbox.command(&real.split_whitespace().collect::<Vec<_>>());
    hub.settle(&sandbox.path("hf"), &mut offline);
    offline.env("HF_HUB_OFFLINE", "1");
    let line = run(offline).refusal(2);
    assert!(line.contains("is not in the cache"), "{line}");
    assert!(hub.seen().is_empty() && !sandbox.path("out").exists());
    let line = refused(&sandbox, &hub, &dry.replace("smollm-135m-instruct", "slimlm-270m --weights real"));
    assert!(line.contains("slimlm-270m has no repository on the hub"), "{line}");
}

/// Shards are where the index says, whatever they are called.
#[test]
fn a_checkpoint_with_shards_of_any_names_is_imported() {
    let sandbox = Sandbox::new();
    let folder = checkpoint("llama3");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let index = "model.safetensors.index.json";
    let mut map: Value = serde_json::from_slice(&read(index)).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for shard in map["weight_map"].as_object_mut().unwrap().values_mut() {
        let old = shard.as_str().unwrap().to_owned();
        let new = old.replace("-of-0", "-of-00");
        if files.iter().all(|(name, _)| *name != new) {
            files.push((new.clone(), read(&old)));
        }
        *shard = new.into();
    }
    assert!(files.len() > 1 && files[0].0.contains("-of-00000"), "{}", files[0].0);
    files.push((index.into(), map.to_string().into_bytes()));
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        files.push((name.into(), read(name)));
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let hub = MockHub::new(&files);
    well(&sandbox, &hub, "models import good/m");
    well(&sandbox, &hub, &format!("sweep --device local --out out --models hf:good/m {SHORT}"));
    assert_eq!(rows(&sandbox, "out"), ["good/m real q4_0 completed"]);
}

#[test]
fn a_users_file_is_measured_in_the_types_asked_for() {
    let (sandbox, hub) = (Sandbox::new(), MockHub::of_checkpoint("llama3"));
    let folder = checkpoint("llama3").display().to_string();
    well(&sandbox, &hub, &format!("models import {folder} --type f16 -o m.gguf"));
    let sweep = |out: &str, options: &str| {
        format!("sweep --device local --out {out} --models m.gguf {options} {SHORT}")
    };
    well(&sandbox, &hub, &sweep("out", "--quant f16,q4_0,q8_0"));
    assert_eq!(
        rows(&sandbox, "out"),
        ["f16", "q4_0", "q8_0"].map(|quant| format!("m.gguf real {quant} completed"))
    );
    let kept = sandbox.names("models/quantized");
    assert_eq!(kept.len(), 4, "two files, each with its manifest: {kept:?}");
    // Of one type throughout, the output matrix included, as synthetic models are.
    let manifest = kept.iter().find(|name| name.contains("q4_0") && name.contains(".json")).unwrap();
    let manifest = fs::read(sandbox.path("models/quantized").join(manifest)).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let types = manifest["types"].as_object().unwrap();
    assert!(
        types.contains_key("q4_0") && types.keys().all(|name| name == "q4_0" || name == "f32"),
        "{types:?}"
    );
    assert_eq!(manifest["tensors"]["output.weight"], "q4_0");
    // Kept by hash: nothing is made a second time.
    let made = |name: &String| {
        fs::metadata(sandbox.path("models/quantized").join(name)).unwrap().modified().unwrap()
    };
    let before: Vec<_> = kept.iter().map(made).collect();
    well(&sandbox, &hub, &sweep("again", "--quant q4_0"));
    assert_eq!(sandbox.names("models/quantized"), kept);
    assert_eq!(kept.iter().map(made).collect::<Vec<_>>(), before);
    // The engine's own choice differs, and is another file.
    well(&sandbox, &hub, &sweep("auto", "--quant q4_0 --embd auto"));
    assert_eq!(sandbox.names("models/quantized").len(), 6);
    // So it is of mixtures: each type of the embeddings has its file, and its name in the rows.
    let mut expected = vec!["m.gguf real q4_k_m completed".to_owned()];
    well(&sandbox, &hub, &sweep("mixture", "--quant q4_k_m"));
    assert_eq!(rows(&sandbox, "mixture"), expected);
    for embd in ["q4_0", "q8_0"] {
        well(&sandbox, &hub, &sweep(embd, &format!("--quant q4_k_m --embd {embd}")));
        expected = vec![format!("m.gguf real q4_k_m+embd-{embd} completed")];
        assert_eq!(rows(&sandbox, embd), expected);
        let made = |name: &&String| name.starts_with(&format!("m-q4_k_m-embd-{embd}-"));
        assert_eq!(sandbox.names("models/quantized").iter().filter(made).count(), 2);
    }
    assert_eq!(sandbox.names("models/quantized").len(), 12);

    well(&sandbox, &hub, &format!("models import {folder} --type q8_0 -o m.gguf"));
    assert_eq!(rows(&sandbox, "out").len(), 3);
    let line = refused(&sandbox, &hub, &sweep("never", "--quant q8_0,q4_0"));
    assert!(line.contains("m.gguf is quantized already") && line.contains("--quant asks for q4_0"), "{line}");
    assert!(!sandbox.path("never").exists());
    well(&sandbox, &hub, &sweep("own", "--quant q8_0"));
}

#[test]
fn a_tokenizer_comes_from_a_repository_too() {
    let (sandbox, hub) = (Sandbox::new(), MockHub::of_checkpoint("slimlm"));
    let bare = sandbox.path("my-slimlm");
    fs::create_dir(&bare).unwrap();
    for name in ["config.json", "pytorch_model.bin"] {
        fs::copy(checkpoint("slimlm").join(name), bare.join(name)).unwrap();
    }
    let line = refused(&sandbox, &hub, "models import my-slimlm");
    assert!(line.contains("tokenizer"), "{line}");
    well(&sandbox, &hub, "models import my-slimlm --tokenizer good/tokenizer");
    well(&sandbox, &hub, &format!("sweep --device local --out out --models my-slimlm {SHORT}"));
    assert_eq!(rows(&sandbox, "out"), ["my-slimlm real q4_0 completed"]);
    // A folder's name that is one of the catalogue's stands for that model only.
    fs::rename(&bare, sandbox.path("SlimLM-125M-DocAssist-HF")).unwrap();
    let line = refused(&sandbox, &hub, "models import SlimLM-125M-DocAssist-HF --tokenizer good/tokenizer");
    assert!(line.contains("is called as slimlm-125m of the catalogue, but is of another shape"), "{line}");
}
