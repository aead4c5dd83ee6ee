//! What is given for a model is told before anything is loaded or sent: each file that is none,
//! and each that holds no text generator, is refused in one line with what it is and what to do.

#![allow(clippy::unwrap_used, missing_docs)]

use slm_models::{FileType, MakeOptions, WeightTypes, make};
use slm_plan::{
    FilePart, ModelSource, PlannedModel, digest::sha256_file, error::Error, request::SweepRequest,
};
use slm_provision::{Machine, resolve};
use slm_testkit::{inputs, plan::request, sandbox::TINY, split::split};
use std::{fs, path::Path};

fn models(request: &SweepRequest) -> Result<Vec<PlannedModel>, Error> {
    let machine = Machine { device: "local".into(), target: "x86_64-unknown-linux-gnu".into() };
    Ok(resolve(request, &[machine])?.preview(request))
}

fn refusal(path: &Path) -> String {
    let error = models(&request(&[path.to_str().unwrap()])).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    let line = error.to_string();
    assert!(!line.contains(['\n', '\0']) && line.contains("; "), "{line}");
    line
}

#[test]
fn what_is_no_text_generator_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let inputs: Vec<_> = inputs::other_kinds().into_iter().chain(inputs::foreign()).collect();
    assert!(inputs.len() >= 30, "{}", inputs.len());
    for input in inputs {
        let path = folder.path().join(input.name);
        fs::write(&path, &input.bytes).unwrap();
        let line = refusal(&path);
        assert!(line.starts_with(path.to_str().unwrap()), "the file comes first: {line}");
        assert!(line.contains(input.what), "{}: {line} should say {:?}", input.name, input.what);
        let (_, remedy) = line.split_once("; ").unwrap();
        assert!(remedy.contains(input.remedy), "{}: {line} should advise {:?}", input.name, input.remedy);
    }
}

#[test]
fn a_folder_says_what_to_do_with_what_is_in_it() {
    let root = tempfile::tempdir().unwrap();
    for (file, words) in [
        ("config.json", "is the folder of a checkpoint; convert it first with `bench models import "),
        ("adapter_config.json", "is the folder of an adapter (LoRA)"),
        ("m-q4_0.gguf", "name the file in it, such as "),
        ("README.md", "is a folder without a model"),
    ] {
        let folder = root.path().join(file.replace('.', "-"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(file), "{}").unwrap();
        for name in [folder.clone(), folder.join("")] {
            let line = refusal(&name);
            assert!(line.contains(words), "{line}");
        }
    }
}

/// A whole model in `folder`.
fn made(folder: &Path) -> std::path::PathBuf {
    let shape = TINY.strip_prefix("shape:").unwrap().parse().unwrap();
    let options = MakeOptions { types: WeightTypes::of(FileType::F16), seed: 1 };
    let path = folder.join("m.gguf");
    make(&shape, &options, &path, &mut |_, _| {}).unwrap();
    path
}

#[test]
fn a_split_model_is_counted_hashed_and_named_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let whole = made(folder.path());
    let parts = split(&whole, 3);
    let one = |path: &Path| {
        let mut models = models(&request(&[path.to_str().unwrap()])).unwrap();
        assert_eq!(models.len(), 1);
        models.remove(0)
    };
    let alone = one(&whole);
    let ModelSource::File { further, .. } = &alone.source else { panic!("{alone:?}") };
    assert!(further.is_empty());
    for part in &parts {
        let model = one(part);
        assert_eq!(
            (&model.name, model.params, &model.quant, model.bits_per_weight),
            (&alone.name, alone.params, &alone.quant, alone.bits_per_weight)
        );
        let bytes: u64 = parts.iter().map(|part| fs::metadata(part).unwrap().len()).sum();
        assert_eq!(model.file_bytes, bytes);
        let ModelSource::File { path, sha256, further } = model.source else { panic!("no file") };
        let known = |path: &Path| FilePart {
            path: path.canonicalize().unwrap().display().to_string(),
            bytes: fs::metadata(path).unwrap().len(),
            sha256: sha256_file(path).unwrap(),
        };
        assert_eq!((path, sha256), (known(&parts[0]).path, known(&parts[0]).sha256));
        assert_eq!(further, [known(&parts[1]), known(&parts[2])]);
    }
    // A link keeps its own name, by which the engine finds the others.
    let links = folder.path().join("links");
    fs::create_dir(&links).unwrap();
    for (index, part) in parts.iter().enumerate() {
        let blob = folder.path().join(format!("blob{index}"));
        fs::rename(part, &blob).unwrap();
        std::os::unix::fs::symlink(&blob, links.join(part.file_name().unwrap())).unwrap();
    }
    let linked = one(&links.join(parts[0].file_name().unwrap()));
    let ModelSource::File { path, further, .. } = linked.source else { panic!("no file") };
    assert!(path.ends_with("links/m-00001-of-00003.gguf"), "{path}");
    assert!(further[1].path.ends_with("links/m-00003-of-00003.gguf"), "{further:?}");
    // Without one of them it is refused.
    fs::remove_file(links.join("m-00002-of-00003.gguf")).unwrap();
    let line = refusal(&links.join("m-00001-of-00003.gguf"));
    assert!(line.contains("m-00002-of-00003.gguf is not there; put all parts into one folder"), "{line}");
}

#[test]
fn quantizations_in_folders_of_one_name_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = |quant: &str| folder.path().join(quant).join("m.gguf");
    for quant in ["F16", "Q8_0"] {
        fs::create_dir(folder.path().join(quant)).unwrap();
    }
    let whole = made(folder.path());
    fs::copy(&whole, path("F16")).unwrap();
    let shape = TINY.strip_prefix("shape:").unwrap().parse().unwrap();
    let options = MakeOptions { types: WeightTypes::of(FileType::Q8_0), seed: 1 };
    make(&shape, &options, &path("Q8_0"), &mut |_, _| {}).unwrap();
    let both = [path("F16"), path("Q8_0")].map(|path| path.display().to_string());
    let found = models(&request(&[&both[0], &both[1]])).unwrap();
    let names: Vec<(&str, &str)> =
        found.iter().map(|model| (model.name.as_str(), model.quant.as_str())).collect();
    assert_eq!(names, [("F16/m.gguf", "f16"), ("Q8_0/m.gguf", "q8_0")]);
    let error = models(&request(&[&both[0], &both[0]])).unwrap_err().to_string();
    assert!(error.contains("two models are called m.gguf"), "{error}");
}
