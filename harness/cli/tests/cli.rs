//! What is typed: the help, the plan of a dry run, and every wrong input, which
//! ends with exit code 2 and one line that names what is wrong and the remedy.

use rustix::process::Signal;
use serde_json::{Value, json};
use slm_results::manifest::FORMAT;
use slm_testkit::{
    processes::{Live, signal, wait_until},
    results::Results,
    sandbox::{Sandbox, TINY, sweep_args},
};
use std::{fmt::Write, fs};

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    let mut all = String::new();
    for command in [
        "",
        "sweep",
        "compare",
        "history",
        "outputs",
        "sweet-spot",
        "models",
        "models list",
        "models show",
        "models make",
        "models pull",
        "models quantize",
        "models import",
        "prompts show",
        "devices",
        "devices profiles",
        "devices restore",
        "devices clean",
        "doctor",
    ] {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ran = sandbox.bench(&args);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{command}");
        write!(all, "$ bench {}\n{}\n", args.join(" "), ran.stdout).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Sandbox::new().bench(&["--version"]);
    assert_eq!(ran.stdout, format!("bench {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_catalogue_and_one_model_of_it() {
    let sandbox = Sandbox::new();
    let list = sandbox.bench(&["models", "list"]);
    let head: String = list.stdout.split_inclusive('\n').take(3).collect();
    let model = sandbox.bench(&["models", "show", "slimlm-125m"]);
    assert_eq!((list.code, model.code), (Some(0), Some(0)));
    insta::assert_snapshot!(format!("{head}…\n\n{}", model.stdout));
    let json = sandbox.bench(&["models", "list", "--output", "json"]);
    let models: Vec<Value> = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(models.len(), list.stdout.lines().count() - 1);
}

#[test]
fn this_machine_is_a_device() {
    let sandbox = Sandbox::new();
    let ran = sandbox.bench(&["devices", "--output", "json"]);
    let devices: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &devices["local"]["name"]), (Some(0), &json!("local")));
    let ran = sandbox.bench(&["doctor", "--output", "json"]);
    // 1 when the machine lacks something or is busy, which here it may be.
    assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
    serde_json::from_str::<Value>(&ran.stdout).unwrap();
}

#[test]
fn phones_are_known_by_name() {
    let sandbox = Sandbox::new();
    let text = sandbox.bench(&["devices", "profiles"]);
    let json = sandbox.bench(&["devices", "profiles", "--output", "json"]);
    assert_eq!((text.code, json.code), (Some(0), Some(0)));
    insta::assert_snapshot!(text.stdout);
    let rows: Vec<Value> = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(rows.len(), text.stdout.lines().count() - 1);
    fs::write(sandbox.path("mine.toml"), "[[phone]]\nnam = 1\n").unwrap();
    let wrong = sandbox.bench(&["devices", "profiles", "--profile", "mine.toml"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""));
    assert!(wrong.stderr.starts_with("bench: mine.toml, line 2: unknown field `nam`"), "{}", wrong.stderr);
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let options =
        format!("--models {TINY},slimlm-125m --chunks 0,3 --runs 1 --repetitions 2 --threads 2 --dry-run");
    let text = sandbox.sweep(&options);
    assert_eq!((text.code, text.stderr.as_str()), (Some(0), ""));
    let ran = sandbox.sweep(&format!("{options} --output json"));
    let mut plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    let trials = plan["trials"].as_array_mut().unwrap();
    assert_eq!(trials.len(), 2 * (2 + 2 * 10));
    trials.truncate(3);
    let prompts = plan["input"]["prompts"].as_array_mut().unwrap();
    assert_eq!(prompts.len(), 10);
    prompts.drain(1..9);
    prompts[1]["content"]["text"] = json!("[text]");
    assert_eq!(sandbox.names("."), ["tmp"], "nothing was written");
    insta::assert_snapshot!(format!("{}\n{plan:#}\n", text.stdout));
}

#[test]
fn a_plan_of_several_quantizations() {
    let sandbox = Sandbox::new();
    let options = "--models slimlm-125m,smollm-135m-instruct --quant f16,q8_0,q6_k,q5_k_m,q4_k_m,q4_0,q3_k_m \
                   --prompt-tokens 1,8,16,50 --threads 2 --repack off --dry-run";
    let text = sandbox.sweep(options);
    assert_eq!((text.code, text.stderr.as_str()), (Some(0), ""));
    let ran = sandbox.sweep(&format!("{options} --output json"));
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(plan["input"]["models"].as_array().unwrap().len(), 14);
    assert_eq!(plan["input"]["options"]["repack"], json!(false));
    insta::assert_snapshot!(text.stdout);
}

#[test]
fn a_plan_of_document_assistance() {
    let sandbox = Sandbox::new();
    let options =
        "--models slimlm-125m --prompts docassist --chunks 0,1 --system Brief. --threads 2 --dry-run";
    let text = sandbox.sweep(options);
    assert_eq!((text.code, text.stderr.as_str()), (Some(0), ""));
    let ran = sandbox.sweep(&format!("{options} --output json"));
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    let input = &plan["input"];
    assert_eq!(input["prompt_set"], json!("docassist"));
    assert_eq!(input["models"][0]["generation"]["system"], json!("Brief."));
    let prompt = input["prompts"][10]["content"]["text"].as_str().unwrap();
    insta::assert_snapshot!(format!("{}\n{prompt}\n", text.stdout));
}

/// Runs `bench`, which must refuse, and adds what it says.
fn refuse(sandbox: &Sandbox, all: &mut String, args: &[&str]) {
    let before = sandbox.names(".");
    let ran = sandbox.bench(args);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
    assert_eq!(sandbox.names("."), before, "{args:?} left something behind");
    let is_usage = ran.stderr.starts_with("error: ");
    assert!(is_usage || ran.stderr.lines().count() == 1, "{args:?}: {}", ran.stderr);
    assert!(is_usage || ran.stderr.contains("; "), "no remedy: {}", ran.stderr);
    let line = sandbox.redact(&args.join(" "));
    write!(all, "$ bench {line}\n{}\n", sandbox.redact(&ran.stderr)).expect("a string takes all");
}

#[test]
fn wrong_usage() {
    let (sandbox, mut all) = (Sandbox::new(), String::new());
    for line in [
        "",
        "swep",
        "sweep",
        "sweep --device local --chunks 9",
        "sweep --device local --chunks 3-1",
        "sweep --device local --chunks 1 --prompt-tokens 5",
        "sweep --device local --prompt-tokens 0",
        "sweep --device local --runs 1 --repetitions 0",
        "sweep --device local --threads none",
        "sweep --device local --timeout 5",
        "sweep --device local --backend onnx",
        "sweep --device local --models a,,b",
        "sweep --resume a --out b",
        "sweep --resume a --models slimlm-125m",
        "models make slimlm-125m --quant q3",
        "sweep --device local --quant f16,q4",
        "sweep --device local --embd q9",
        "sweep --device local --system a --no-chat-template",
        "sweep --device local --prompts docassist --prompt-tokens 50",
        "sweep --device local --models smollm-135m-instruct --embd q6_k",
    ] {
        if line.is_empty() {
            assert_eq!(sandbox.bench(&[]).code, Some(2));
            continue;
        }
        refuse(&sandbox, &mut all, &line.split(' ').collect::<Vec<_>>());
    }
    insta::assert_snapshot!(all);
}

#[test]
fn models_that_cannot_be_measured() {
    let (sandbox, mut all) = (Sandbox::new(), String::new());
    fs::write(sandbox.path("notes.gguf"), "These are notes, and no model at all.").unwrap();
    fs::write(sandbox.path("short.gguf"), "GGUF").unwrap();
    fs::create_dir(sandbox.path("folder.gguf")).unwrap();
    fs::write(sandbox.path("\u{1b}[2J\n.gguf"), "A name that would clear a terminal.").unwrap();
    let file = sandbox.make_model(TINY, "header.gguf");
    fs::File::options().write(true).open(file).unwrap().set_len(600).unwrap();
    let doubled = format!("{TINY},{TINY}");
    for models in [
        "slimlm-125",
        "zzz",
        "opt-125m",
        "./notes.gguf",
        "./short.gguf",
        "./folder.gguf",
        "./header.gguf",
        "./missing.gguf",
        "./\u{1b}[2J\n.gguf",
        "slimlm-125m,slimlm-125m",
        &doubled,
        "shape:arch=mpt,layers=2",
        "shape:arch=mpt,layers=2,d_model=65",
        "shape:arch=mpd,layers=2,d_model=64",
        "shape:arch=mpt,layers=2,d_model=64,colour=blue",
        "shape:arch=mpt,layers=99999999999,d_model=64",
        "shape:arch=opt,layers=2,d_model=64",
    ] {
        let mut args = sweep_args("--models");
        args.push(models);
        refuse(&sandbox, &mut all, &args);
    }
    // A file is measured as it is.
    sandbox.make_model(TINY, "own.gguf");
    refuse(&sandbox, &mut all, &sweep_args("--models ./own.gguf --quant q4_0,q8_0"));
    refuse(&sandbox, &mut all, &["models", "show", "zzz"]);
    refuse(&sandbox, &mut all, &["models", "make", "./header.gguf"]);
    refuse(&sandbox, &mut all, &["models", "make", "opt-125m"]);
    refuse(&sandbox, &mut all, &["models", "make", TINY, "--out", "notes.gguf/model.gguf"]);
    insta::assert_snapshot!(all);
}

#[test]
fn devices_prompts_and_folders_that_cannot_be_used() {
    let (sandbox, mut all) = (Sandbox::new(), String::new());
    fs::create_dir_all(sandbox.path("empty")).unwrap();
    fs::create_dir_all(sandbox.path("full/sub")).unwrap();
    fs::write(sandbox.path("file"), "").unwrap();
    let mut sweep = |options: &str| {
        let line = format!("sweep --models {TINY} {options}");
        refuse(&sandbox, &mut all, &line.split(' ').collect::<Vec<_>>());
    };
    sweep("--device pixel-99");
    sweep("--device local --prompts empty");
    sweep("--device local --prompts missing");
    sweep("--device local --out file");
    sweep("--device local --out file/below");
    sweep("--device local --out full");
    for folder in ["empty", "missing", "file"] {
        refuse(&sandbox, &mut all, &["sweep", "--resume", folder]);
    }
    assert_eq!(sandbox.names("full"), ["sub"]);
    assert!(sandbox.names("empty").is_empty());
    insta::assert_snapshot!(all);
}

#[test]
fn results_that_cannot_be_resumed() {
    let (sandbox, mut all) = (Sandbox::new(), String::new());
    let ran = sandbox.sweep(&format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 1"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    let (manifest, events) = (results.text("manifest.json"), results.text("events.jsonl"));
    let tables = ["trials.csv", "tokens.csv"].map(|file| results.text(file));
    let json: Value = serde_json::from_str(&manifest).unwrap();
    let changed = |path: &str, value: Value| {
        let mut json = json.clone();
        *json.pointer_mut(path).unwrap() = value;
        json.to_string()
    };
    for (file, content) in [
        ("manifest.json", changed("/format", json!("2.0"))),
        ("manifest.json", manifest[..20].to_owned()),
        ("manifest.json", String::new()),
        ("manifest.json", "[]".into()),
        ("manifest.json", changed("/plan/input/seed", json!(7))),
        ("manifest.json", changed("/plan/trials/0/prompt", json!(999))),
        ("events.jsonl", events.replacen(&format!("\"{FORMAT}\""), "\"2.0\"", 1)),
        ("events.jsonl", format!("rubbish\n{events}")),
        ("events.jsonl", events.split_inclusive('\n').skip(1).collect()),
    ] {
        results.write(file, content);
        refuse(&sandbox, &mut all, &["sweep", "--resume", "out"]);
        results.write("manifest.json", &manifest);
        results.write("events.jsonl", &events);
    }
    assert_eq!(["trials.csv", "tokens.csv"].map(|file| results.text(file)), tables, "tables stay");
    assert_eq!(sandbox.resume().code, Some(0));
    insta::assert_snapshot!(all);
}

#[test]
fn a_second_sweep_is_refused_while_one_runs() {
    let (sandbox, mut all) = (Sandbox::new(), String::new());
    let options = format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 500");
    let live = Live::start(&sandbox, &sweep_args(&options));
    wait_until("a trial", || !Results::of(&sandbox).torn_csv("trials.csv").is_empty());
    let pid = live.pid().to_string();
    refuse(&sandbox, &mut all, &["sweep", "--resume", "out"]);
    refuse(&sandbox, &mut all, &["sweep", "--device", "local", "--models", TINY, "--out", "other"]);
    signal(live.pid(), Signal::INT);
    assert_eq!(live.wait().code, Some(130));
    let user = format!("-{}.lock", rustix::process::getuid().as_raw());
    insta::assert_snapshot!(
        all.replace(&format!("process {pid}"), "process [pid]").replace(&user, "-[user].lock")
    );
}
