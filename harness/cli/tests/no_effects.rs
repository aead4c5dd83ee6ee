//! What a dry run and a sweep that is refused leave behind: nothing. No hub is asked, no
//! file is made or changed.

use slm_testkit::{
    hub::MockHub,
    processes::{Live, signal, wait_until},
    results::Results,
    sandbox::{Ran, Sandbox, TINY, run, sweep_args, trees},
};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

/// A user with a home that cannot be written, and a hub that counts.
struct Setting {
    sandbox: Sandbox,
    hub: MockHub,
}

impl Setting {
    fn new() -> Self {
        let mut sandbox = Sandbox::new();
        let home = sandbox.path("home");
        fs::create_dir(&home).expect("a home");
        // For root this proves nothing, hence the look at all files.
        fs::set_permissions(&home, fs::Permissions::from_mode(0o555)).expect("a home that is read-only");
        sandbox.variables.push(("HOME", home));
        Self { sandbox, hub: MockHub::of_checkpoint("smollm") }
    }

    fn run(&self, line: &str) -> Ran {
        let mut command = self.sandbox.command(&line.split_whitespace().collect::<Vec<_>>());
        self.hub.settle(&self.sandbox.path("home"), &mut command);
        // What is kept is kept below the home.
        for name in ["HF_HOME", "SLM_BENCH_CACHE", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
        run(command)
    }

    /// Runs a command that leaves these parts of the sandbox as they are.
    fn run_without_effect(&self, line: &str, parts: &[&str]) -> Ran {
        let parts: Vec<PathBuf> = parts.iter().map(|part| self.sandbox.path(part)).collect();
        let before = trees(&parts);
        let ran = self.run(line);
        assert_eq!(trees(&parts), before, "{line} wrote something");
        assert!(self.hub.seen().is_empty(), "{line} asked the hub: {:?}", self.hub.seen());
        ran
    }
}

const SHORT: &str = "--prompt-tokens 8 --runs 1 --repetitions 1 --max-new-tokens 2 --threads 1";

#[test]
fn a_dry_run_asks_no_hub_and_writes_nothing() {
    let setting = Setting::new();
    setting.sandbox.make_model(&format!("{TINY},context=512"), "own.gguf");
    for models in [
        "hf:good/m",
        "hf:good/m:m.gguf",
        "hf:good/m@v1 --quant f16,q4_k_m",
        "smollm-135m-instruct --weights real",
        "smollm-135m-instruct --weights real --quant q4_0,q4_k_m",
        "smollm-135m-instruct,slimlm-125m",
        "./own.gguf",
        TINY,
    ] {
        for output in ["text", "json"] {
            let line = format!("sweep --device local --dry-run --output {output} --models {models} {SHORT}");
            let ran = setting.run_without_effect(&line, &["."]);
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{line}");
            assert!(!ran.stdout.is_empty(), "{line}");
        }
    }
    // What it showed is what is asked for once it is measured.
    let line = format!("sweep --device local --out out --models hf:good/m {SHORT}");
    assert_eq!(setting.run(&line).code, Some(0));
    assert!(!setting.hub.downloads().is_empty());
}

#[test]
fn a_sweep_that_is_refused_asks_no_hub_and_writes_nothing() {
    let setting = Setting::new();
    fs::create_dir_all(setting.sandbox.path("full/sub")).unwrap();
    let fresh = "--device local --out out";
    for options in [
        "--device local --out full --models hf:good/m",
        "--device pixel-99 --out out --models hf:good/m",
        &format!("{fresh} --models hf:good/m --backend mlc --mlc-runtime nowhere"),
        &format!("{fresh} --models hf:good/m,zzz"),
        &format!("{fresh} --models hf:good/m,./missing.gguf"),
        &format!("{fresh} --models hf:good/m,hf:good/m"),
        &format!("{fresh} --models hf:good/m,slimlm-270m --weights real"),
        &format!("{fresh} --models hf:good/m --prompts missing"),
        &format!("{fresh} --models hf:good/m --profile missing.toml"),
    ] {
        setting.run_without_effect(&format!("sweep {options} {SHORT}"), &["."]).refusal(2);
    }
    // Found out once the device is claimed, of which a lock's file is left.
    let settings = format!("sweep {fresh} --models hf:good/m --airplane-mode {SHORT}");
    setting.run_without_effect(&settings, &["home", "full"]).refusal(2);
    assert_eq!(setting.sandbox.names("."), ["full", "home", "tmp"]);
}

#[test]
fn a_sweep_on_a_busy_device_is_refused_before_anything_is_fetched() {
    let setting = Setting::new();
    let options = format!("--models {TINY} --backend null --chunks 0 --runs 1 --repetitions 500");
    let live = Live::start(&setting.sandbox, &sweep_args(&options));
    wait_until("a trial", || !Results::of(&setting.sandbox).torn_csv("trials.csv").is_empty());
    for models in ["hf:good/m", "smollm-135m-instruct --weights real"] {
        let line = format!("sweep --device local --out other --models {models} {SHORT}");
        let said = setting.run_without_effect(&line, &["home", "tmp"]).refusal(2);
        assert!(said.contains("in use by another bench"), "{said}");
        assert!(!setting.sandbox.path("other").exists());
    }
    signal(live.pid(), rustix::process::Signal::INT);
    assert_eq!(live.wait().code, Some(130));
}
