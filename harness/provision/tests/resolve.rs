//! What names stand for is found out without effects: no hub is asked, no file is written.

#![allow(clippy::unwrap_used, missing_docs)]

use slm_models::{FileType, MakeOptions, WeightTypes, make};
use slm_plan::{
    ModelSource, PlannedModel, Weights,
    error::Error,
    request::{SweepRequest, WeightsChoice},
};
use slm_protocol::EngineKind;
use slm_provision::{Machine, resolve};
use slm_testkit::{
    hub::MockHub,
    plan::request,
    sandbox::{TINY, trees},
};
use std::{env, fs, path::Path, process::Command};

/// Where the test runs that has a home of its own.
const FOLDER: &str = "SLM_TEST_FOLDER";

#[test]
fn every_kind_of_name_is_resolved_without_effects() {
    if let Some(folder) = env::var_os(FOLDER) {
        return resolve_every_kind(Path::new(&folder));
    }
    let (folder, hub) = (tempfile::tempdir().unwrap(), MockHub::new(&[]));
    let parts = ["home", "models"].map(|name| folder.path().join(name));
    for part in &parts {
        fs::create_dir(part).unwrap();
    }
    make_files(&parts[1]);
    let before = trees(&parts);
    let mut again = Command::new(env::current_exe().unwrap());
    hub.settle(&parts[0], &mut again);
    again.args(["--exact", "every_kind_of_name_is_resolved_without_effects", "--nocapture"]);
    again.env(FOLDER, folder.path()).env("HOME", &parts[0]);
    for name in ["HF_HOME", "SLM_BENCH_CACHE", "XDG_CACHE_HOME"] {
        again.env_remove(name);
    }
    assert!(again.status().unwrap().success(), "see above");
    assert_eq!(trees(&parts), before, "something was written");
    assert!(hub.seen().is_empty(), "{:?}", hub.seen());
}

/// A model in 16 bits, and a folder of a compiled one with its runtime.
fn make_files(folder: &Path) {
    let shape = TINY.strip_prefix("shape:").unwrap().parse().unwrap();
    let options = MakeOptions { types: WeightTypes::of(FileType::F16), seed: 1 };
    make(&shape, &options, &folder.join("m.gguf"), &mut |_, _| {}).unwrap();
    let library = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0";
    for (name, content) in [
        ("compiled/mlc-chat-config.json", &br#"{"quantization": "q4f16_1"}"#[..]),
        ("compiled/tensor-cache.json", br#"{"records": []}"#),
        ("compiled/model.so", library),
        ("runtime/libtvm_ffi.so", library),
        ("runtime/libtvm_runtime.so", library),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn resolve_every_kind(folder: &Path) {
    let models = folder.join("models");
    let path = |name: &str| models.join(name).display().to_string();
    let (file, compiled) = (path("m.gguf"), path("compiled"));

    let entry = one(&request(&["slimlm-125m"]));
    assert_eq!((entry.weights, is_pending(&entry)), (Weights::Synthetic, false));
    assert!(matches!(one(&request(&[TINY])).source, ModelSource::Shape { .. }));
    let own = one(&request(&[&file]));
    assert!(matches!(&own.source, ModelSource::File { sha256, .. } if sha256.len() == 64));
    let null = SweepRequest { engines: vec![EngineKind::Null], ..request(&["slimlm-125m"]) };
    assert_eq!(one(&null).source, ModelSource::Nothing);

    let real = |name| SweepRequest { weights: WeightsChoice::Real, ..request(&[name]) };
    let entry = one(&real("smollm-135m-instruct"));
    assert_eq!((entry.weights, is_pending(&entry), entry.params > 0), (Weights::Real, true, true));
    let hub = one(&request(&["hf:good/m"]));
    assert_eq!((hub.name.as_str(), is_pending(&hub)), ("hf:good/m", true));
    // In other types than its own it is still to be made.
    let quants = Some(vec![FileType::F16, FileType::Q4_0]);
    let both = resolved(&SweepRequest { quants, ..request(&[&file]) });
    assert_eq!(both.iter().map(is_pending).collect::<Vec<_>>(), [false, true]);

    let tvm_runtime = Some(models.join("runtime"));
    let tvm = SweepRequest { engines: vec![EngineKind::TvmRelaxVm], tvm_runtime, ..request(&[&compiled]) };
    assert!(matches!(one(&tvm).source, ModelSource::Compiled(source) if source.files.len() == 3));

    for (request, words) in [
        (real("slimlm-270m"), "has no repository on the hub"),
        (request(&["hf:good/m", "hf:good/m"]), "two models are called"),
        (request(&["hf:good/m", "zzz"]), "zzz"),
        (request(&[&compiled]), "which no engine of --backend runs"),
    ] {
        let error = resolve(&request, &[]).unwrap_err();
        assert!(matches!(&error, Error::Input(_)) && error.to_string().contains(words), "{error}");
    }
}

/// The models as a dry run shows them.
fn resolved(request: &SweepRequest) -> Vec<PlannedModel> {
    let machine = Machine { device: "local".into(), target: "x86_64-unknown-linux-gnu".into() };
    resolve(request, &[machine]).unwrap().preview(request)
}

fn one(request: &SweepRequest) -> PlannedModel {
    let mut models = resolved(request);
    assert_eq!(models.len(), 1);
    models.remove(0)
}

fn is_pending(model: &PlannedModel) -> bool {
    matches!(model.source, ModelSource::Pending { .. })
}
