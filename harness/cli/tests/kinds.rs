//! What is given for a model: a sweep refuses what is none before anything is measured, the agent
//! before the engine sees it; split models run whole; text files are read however they are written.

use slm_models::read_header;
use slm_testkit::{
    inputs::{foreign, other_kinds},
    results::Results,
    sandbox::{Sandbox, TINY, agent, run},
    split::split,
};
use std::{fs, process::Command};

const SHORT: &str = "--prompt-tokens 16 --runs 1 --repetitions 1 --max-new-tokens 2 --warmups 0 --threads 1";

/// The engine itself ends the process on the first of them and panics on the third.
#[test]
fn neither_sweep_nor_agent_gives_the_engine_what_is_no_text_generator() {
    let sandbox = Sandbox::new();
    for input in other_kinds().into_iter().chain(foreign()) {
        let path = sandbox.path(input.name);
        fs::write(&path, &input.bytes).unwrap();
        let mut check = Command::new(agent());
        sandbox.settle(&mut check);
        check.arg("check").arg(&path);
        let ran = run(check);
        assert_eq!(ran.code, Some(3), "{}: {ran:?}", input.name);
        let line = ran.stderr.trim_end();
        let said = !line.contains('\n') && line.contains(input.what) && line.contains(input.remedy);
        assert!(said && !line.contains("GGML_ASSERT"), "{}: {line}", input.name);
    }
    for name in ["t5.gguf", "bge.gguf", "mmproj.gguf", "lora.gguf", "lfs.gguf"] {
        let line = sandbox.sweep(&format!("--models {TINY},./{name} {SHORT}")).refusal(2);
        assert!(line.contains(&format!("./{name} ")), "{line}");
        assert!(!sandbox.path("out").exists());
        let line = sandbox.bench(&["models", "quantize", name, "--type", "q4_0"]).refusal(2);
        assert!(line.contains(name), "{line}");
    }
    // What it is can be looked at all the same.
    let ran = sandbox.bench(&["models", "show", "./t5.gguf"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("encoder-decoder"), "{ran:?}");
}

#[test]
fn a_split_model_is_measured_and_quantized_as_the_whole_one() {
    let sandbox = Sandbox::new();
    let ran = sandbox.bench(&["models", "make", TINY, "--quant", "f16", "--out", "m.gguf"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let parts = split(&sandbox.path("m.gguf"), 3);
    fs::rename(sandbox.path("m.gguf"), sandbox.path("whole.gguf")).unwrap();
    let whole = read_header(&sandbox.path("whole.gguf")).unwrap();
    let given = parts[1].display().to_string();
    let ran = sandbox.sweep(&format!("--models {given},whole.gguf {SHORT}"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let rows = results.trials();
    let row = |name: &str| rows.iter().find(|row| row.get("model") == name).unwrap();
    let of = |name: &str| ["params", "quant", "status"].map(|column| row(name).get(column).to_owned());
    assert_eq!(of("m.gguf"), of("whole.gguf"));
    assert_eq!(of("m.gguf")[0], whole.params().to_string());
    // The engine tells hundredths, of each file.
    let mib = |name: &str| row(name).number("model_mib").unwrap();
    assert!((mib("m.gguf") - mib("whole.gguf")).abs() < 0.02, "{} {}", mib("m.gguf"), mib("whole.gguf"));
    for (source, out) in [(given.as_str(), "parts-q8.gguf"), ("whole.gguf", "whole-q8.gguf")] {
        let ran = sandbox.bench(&["models", "quantize", source, out, "--type", "q8_0"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    let quantized = read_header(&sandbox.path("parts-q8.gguf")).unwrap();
    let expected = read_header(&sandbox.path("whole-q8.gguf")).unwrap();
    assert_eq!((quantized.params(), quantized.weight_bytes()), (expected.params(), expected.weight_bytes()));
    assert_eq!(quantized.parts.len(), 1);
    // Never over one of its parts.
    let third = parts[2].display().to_string();
    let line = sandbox.bench(&["models", "quantize", &given, &third, "--type", "q8_0"]).refusal(2);
    assert!(line.contains("m-00003-of-00003.gguf"), "{line}");
    // Nor without them.
    fs::remove_file(&parts[2]).unwrap();
    let line = sandbox.sweep(&format!("--models {given} {SHORT}")).refusal(2);
    assert!(
        line.contains("is part 2 of 3 of a split model, and m-00003-of-00003.gguf is not there"),
        "{line}"
    );
}

/// How a text becomes bytes.
type Write<'a> = &'a dyn Fn(&str) -> Vec<u8>;

/// The same prompts in three ways of writing give the same number of tokens.
#[test]
fn prompts_are_the_same_however_they_are_written() {
    let sandbox = Sandbox::new();
    let files = [
        ("questions.txt", "Wer war der erste Präsident?\n"),
        ("requests.txt", "Fasse zusammen:\n"),
        ("documents/a.txt", "Erster Absatz, länger.\n\nZweiter Absatz.\n"),
    ];
    let wide = |text: &str| {
        format!("\u{feff}{}", text.replace('\n', "\r\n")).encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let ways: [(&str, Write<'_>); 3] = [
        ("plain", &|text| text.as_bytes().to_vec()),
        ("marked", &|text| format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes()),
        ("wide", &wide),
    ];
    let mut seen = Vec::new();
    for (name, write) in ways {
        fs::create_dir_all(sandbox.path(name).join("documents")).unwrap();
        for (file, text) in files {
            fs::write(sandbox.path(name).join(file), write(text)).unwrap();
        }
        let options = "--chunks 0,1 --runs 1 --repetitions 1 --max-new-tokens 2 --warmups 0 --threads 1";
        let args =
            format!("sweep --device local --out out-{name} --models {TINY} --prompts {name} {options}");
        let ran = sandbox.bench(&args.split_whitespace().collect::<Vec<_>>());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let rows = Results::named(&sandbox, &format!("out-{name}")).trials();
        seen.push(rows.iter().map(|row| row.get("n_in").to_owned()).collect::<Vec<_>>());
    }
    assert!(seen[0].len() == 2 && seen.iter().all(|other| *other == seen[0]), "{seen:?}");
    fs::write(sandbox.path("plain/questions.txt"), b"Wer war der erste Pr\xe4sident?\n").unwrap();
    let line = sandbox.sweep(&format!("--models {TINY} --prompts plain --chunks 0")).refusal(2);
    assert!(line.contains("plain/questions.txt is not UTF-8 text at byte 20; save it as UTF-8"), "{line}");
}
