//! `bench models pull` against a hub on loopback: real HTTP, every failure that the
//! hub's own users meet.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use serde_json::Value;
use slm_testkit::{
    hub::{COMMIT, MockHub, TOKEN, git_sha1, sha256},
    processes::Live,
    results::Results,
    sandbox::{Ran, Sandbox, TINY, ran, run},
    split::split,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// A model file, made once.
static MODEL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let sandbox = Sandbox::new();
    fs::read(sandbox.make_model(TINY, "m.gguf")).unwrap()
});

const CONFIG: &[u8] = br#"{"model_type": "llama"}"#;

fn hub() -> MockHub {
    MockHub::new(&[("m.gguf", &MODEL), ("config.json", CONFIG)])
}

fn command(sandbox: &Sandbox, hub: &MockHub, args: &[&str]) -> Command {
    let mut command = sandbox.command(&["models", "pull"]);
    command.args(args);
    settle(sandbox, hub, &mut command);
    command
}

fn settle(sandbox: &Sandbox, hub: &MockHub, command: &mut Command) {
    hub.settle(&sandbox.path("hf"), command);
}

fn pull(sandbox: &Sandbox, hub: &MockHub, args: &[&str]) -> Ran {
    run(command(sandbox, hub, args))
}

/// A pull that must end well; the path it printed.
fn pulled(sandbox: &Sandbox, hub: &MockHub, args: &[&str]) -> PathBuf {
    let ran = pull(sandbox, hub, args);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    PathBuf::from(ran.stdout.trim_end())
}

/// A pull that must fail in one line, whatever remarks came before it.
fn refused(sandbox: &Sandbox, hub: &MockHub, args: &[&str], code: i32) -> String {
    pull(sandbox, hub, args).refusal(code)
}

fn root(sandbox: &Sandbox, owner: &str) -> PathBuf {
    sandbox.path("hf/hub").join(format!("models--{owner}--m"))
}

/// Nothing in the cache but locks: no content, no name.
fn nothing_kept(sandbox: &Sandbox, owner: &str) {
    for folder in ["blobs", "snapshots", "refs"] {
        let left: Vec<_> = fs::read_dir(root(sandbox, owner).join(folder)).into_iter().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_file_is_kept_as_python_keeps_it() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let path = pulled(&sandbox, &hub, &["good/m"]);
    let root = root(&sandbox, "good");
    assert_eq!(path, root.join("snapshots").join(COMMIT).join("m.gguf"));
    assert_eq!(fs::read(&path).unwrap(), *MODEL);
    assert_eq!(fs::read_link(&path).unwrap(), Path::new("../../blobs").join(sha256(&MODEL)));
    assert_eq!(fs::read_to_string(root.join("refs/main")).unwrap(), COMMIT);
    assert!(sandbox.path("hf/hub/.locks/models--good--m").join(sha256(&MODEL) + ".lock").is_file());
    // Again: asked for, not downloaded. Of a commit: not even asked for.
    assert_eq!(pulled(&sandbox, &hub, &["good/m:m.gguf"]), path);
    assert_eq!(hub.downloads().len(), 1);
    let asked = hub.seen().len();
    assert_eq!(pulled(&sandbox, &hub, &[&format!("good/m@{COMMIT}:m.gguf")]), path);
    assert_eq!(hub.seen().len(), asked);
    // A small file is checked by git's hash; a tag is noted like a branch.
    let config = pulled(&sandbox, &hub, &["good/m@v1:config.json"]);
    assert_eq!(fs::read_link(config).unwrap(), Path::new("../../blobs").join(git_sha1(CONFIG)));
    assert_eq!(fs::read_to_string(root.join("refs/v1")).unwrap(), COMMIT);
    let json = pull(&sandbox, &hub, &["good/m", "--output", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json["commit"].as_str(), json["hash"].as_str()), (Some(COMMIT), Some(&*sha256(&MODEL))));
}

#[test]
fn a_download_cut_twice_goes_on_where_it_was() {
    for (owner, ranges) in [("cut", 2), ("elsewhere", 2), ("whole", 2)] {
        let (sandbox, hub) = (Sandbox::new(), hub());
        let path = pulled(&sandbox, &hub, &[&format!("{owner}/m:m.gguf")]);
        assert_eq!(fs::read(&path).unwrap(), *MODEL);
        let ranged: Vec<String> = hub
            .downloads()
            .iter()
            .filter(|seen| owner != "elsewhere" || seen.path.starts_with("/bucket"))
            .filter_map(|seen| seen.header("range").map(str::to_owned))
            .collect();
        assert_eq!(ranged.len(), ranges, "{owner}: {ranged:?}");
        assert_eq!(ranged[0], format!("bytes={}-", MODEL.len() / 3), "{owner}");
    }
}

#[test]
fn a_killed_pull_is_gone_on_with() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let blobs = root(&sandbox, "good").join("blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(blobs.join(sha256(&MODEL) + ".incomplete"), &MODEL[..5000]).unwrap();
    let path = pulled(&sandbox, &hub, &["good/m:m.gguf"]);
    assert_eq!(fs::read(path).unwrap(), *MODEL);
    let downloads = hub.downloads();
    let if_range = format!("\"{}\"", sha256(&MODEL));
    assert_eq!(downloads[0].header("range"), Some("bytes=5000-"));
    assert_eq!(downloads[0].header("if-range"), Some(if_range.as_str()));
    // A part that was damaged before is not gone on with forever.
    let (sandbox, hub) = (Sandbox::new(), self::hub());
    let blobs = root(&sandbox, "good").join("blobs");
    fs::create_dir_all(&blobs).unwrap();
    fs::write(blobs.join(sha256(&MODEL) + ".incomplete"), vec![7; 5000]).unwrap();
    assert_eq!(fs::read(pulled(&sandbox, &hub, &["good/m:m.gguf"])).unwrap(), *MODEL);
    assert_eq!(hub.downloads().len(), 2);
}

#[test]
fn damage_is_found_and_nothing_kept() {
    for (owner, file, words) in [
        ("flipped", "m.gguf", "arrived damaged"),
        ("flipped", "config.json", "arrived damaged"),
        ("long", "m.gguf", "sends more"),
    ] {
        let (sandbox, hub) = (Sandbox::new(), hub());
        let error = refused(&sandbox, &hub, &[&format!("{owner}/m:{file}")], 2);
        assert!(error.contains(words), "{error}");
        let snapshots = root(&sandbox, owner).join("snapshots");
        assert!(!snapshots.exists(), "{snapshots:?}");
        assert!(!root(&sandbox, owner).join("blobs").join(sha256(&MODEL)).exists());
    }
}

#[test]
fn refusals_are_told_apart() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    for (address, code, words) in [
        ("good/m:other.gguf", 2, "good/m has no file other.gguf at revision main"),
        ("good/m@dev:m.gguf", 2, "good/m has no revision dev"),
        ("good/m@dev", 2, "good/m has no revision dev"),
        ("gone/m:m.gguf", 2, "has no repository gone/m, or it is private, no token was given"),
        ("gone/m", 2, "has no repository gone/m"),
        ("gated/m:m.gguf", 2, "access to gated/m is refused (401, no token was given)"),
        ("late/m:m.gguf", 2, "access to late/m is refused (403, no token was given)"),
        ("broken/m", 4, "answered 503 (no entry)"),
    ] {
        let error = refused(&sandbox, &hub, &[address], code);
        assert!(error.contains(words), "{address}: {error}");
    }
    // A refused GET is not kept as if it were the file.
    nothing_kept_but_parts(&sandbox, "late");
    let error = refused(&sandbox, &hub, &["good/m", "--endpoint", "http://127.0.0.1:1"], 4);
    assert!(error.contains("no connection to 127.0.0.1:1"), "{error}");
}

fn nothing_kept_but_parts(sandbox: &Sandbox, owner: &str) {
    let entries = fs::read_dir(root(sandbox, owner).join("blobs")).unwrap().flatten();
    for entry in entries {
        assert!(entry.file_name().to_string_lossy().ends_with(".incomplete"));
        assert_eq!(entry.metadata().unwrap().len(), 0);
    }
    assert!(!root(sandbox, owner).join("snapshots").exists());
}

#[test]
fn the_token_stays_with_the_hub_and_out_of_sight() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    for owner in ["gated", "elsewhere"] {
        let mut command = command(&sandbox, &hub, &[&format!("{owner}/m:m.gguf")]);
        let ran = run({
            command.env("HF_TOKEN", TOKEN);
            command
        });
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(!ran.stdout.contains(TOKEN) && !ran.stderr.contains(TOKEN));
    }
    let sent = |seen: &slm_testkit::hub::Request| seen.header("authorization").is_some();
    let (away, home): (Vec<_>, Vec<_>) = hub.seen().into_iter().partition(|s| s.path.starts_with("/bucket"));
    assert!(!away.is_empty() && away.iter().all(|seen| seen.host.starts_with("127.0.0.2") && !sent(seen)));
    assert!(home.iter().all(sent));
    // A wrong one is not shown either; one from its file works.
    let mut command = command(&sandbox, &hub, &["gated/m@v1:config.json"]);
    command.env("HF_TOKEN", "hf_wrong");
    let ran = run(command);
    assert!(
        ran.stderr.contains("the token given does not help") && !ran.stderr.contains("hf_wrong"),
        "{ran:?}"
    );
    fs::write(sandbox.path("hf/token"), format!("{TOKEN}\n")).unwrap();
    pulled(&sandbox, &hub, &["gated/m@v1:config.json"]);
}

#[test]
fn two_pulls_at_once_download_once() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let start = || {
        let mut command = command(&sandbox, &hub, &["slow/m:m.gguf"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let children = [start(), start()];
    let ended = children.map(|child| ran(child.wait_with_output().unwrap()));
    assert!(ended.iter().all(|ran| ran.code == Some(0)), "{ended:?}");
    assert_eq!(ended[0].stdout, ended[1].stdout);
    assert_eq!(hub.downloads().len(), 1);
    let waited = |ran: &Ran| ran.stderr.contains("another process is downloading it");
    assert!(ended.iter().any(waited), "{ended:?}");
}

#[test]
fn names_that_lead_out_of_the_cache_are_refused() {
    for name in ["../../x", "/etc/x", "a/../../../x.gguf", "x\n.gguf"] {
        let (sandbox, hub) = (Sandbox::new(), hub().listing(&[name]));
        let error = refused(&sandbox, &hub, &["good/m"], 2);
        assert!(error.contains("is no file name of a repository"), "{error}");
        nothing_kept(&sandbox, "good");
        assert!(hub.downloads().is_empty());
    }
    let (sandbox, hub) = (Sandbox::new(), hub());
    for address in ["../x", "a/b:../../x", "a/b@../../x", "https://huggingface.co/a/b", "a/b:", ""] {
        assert!(pull(&sandbox, &hub, &[address]).code == Some(2), "{address}");
    }
    assert!(hub.seen().is_empty());
}

#[test]
fn several_models_are_listed_and_none_is_chosen() {
    let sandbox = Sandbox::new();
    let hub = MockHub::new(&[("a-q4_0.gguf", &MODEL), ("b-q8_0.gguf", &MODEL), ("config.json", CONFIG)]);
    let ran = pull(&sandbox, &hub, &["good/m"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ran.stderr);
    assert!(hub.downloads().is_empty());
    pulled(&sandbox, &hub, &["good/m:b-q8_0.gguf"]);
}

/// What goes beside a model is no choice; all parts of a split one are one, and come together.
#[test]
fn a_split_model_is_pulled_whole_and_a_projector_is_no_model() {
    let sandbox = Sandbox::new();
    let parts = split(&sandbox.make_model(TINY, "m.gguf"), 3);
    let parts: Vec<(String, Vec<u8>)> = parts
        .iter()
        .map(|path| (format!("Q4/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(path).unwrap()))
        .collect();
    let mut files: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    files.extend([("mmproj-f16.gguf", &b"GGUF"[..]), ("imatrix.gguf", b"GGUF"), ("config.json", CONFIG)]);
    let hub = MockHub::new(&files);
    let first = pulled(&sandbox, &hub, &["good/m"]);
    assert!(first.ends_with("Q4/m-00001-of-00003.gguf"), "{first:?}");
    assert_eq!(hub.downloads().len(), 3);
    assert_eq!(pulled(&sandbox, &hub, &["good/m:Q4/m-00002-of-00003.gguf", "--offline"]), first);
    let sweep = "sweep --device local --out out --models hf:good/m --prompt-tokens 8 --runs 1 --repetitions 1 --warmups 0 \
                 --max-new-tokens 2 --threads 1";
    let mut command = sandbox.command(&sweep.split_whitespace().collect::<Vec<_>>());
    settle(&sandbox, &hub, &mut command);
    assert_eq!(run(command).code, Some(0));
    let results = Results::of(&sandbox);
    results.check_complete();
    let model = &results.plan()["input"]["models"][0];
    assert_eq!(model["name"], "m.gguf");
    assert_eq!(model["source"]["further"].as_array().map(Vec::len), Some(2), "{model}");
    // A part that is not there is named.
    let hub = MockHub::new(&files[..2]);
    let error = refused(&sandbox, &hub, &["other/m"], 2);
    assert!(error.contains("other/m has no file Q4/m-00003-of-00003.gguf"), "{error}");
}

#[test]
fn a_repository_without_gguf_gives_what_an_import_needs() {
    let sandbox = Sandbox::new();
    let weights = vec![1; 4000];
    let hub = MockHub::new(&[
        ("config.json", CONFIG),
        ("tokenizer.json", b"{}"),
        ("model.safetensors", &weights),
        ("pytorch_model.bin", &weights),
        ("onnx/model.onnx", b"x"),
    ]);
    let folder = pulled(&sandbox, &hub, &["good/m"]);
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["config.json", "model.safetensors", "tokenizer.json"]);
    let empty = MockHub::new(&[("README.md", b"x")]);
    assert!(refused(&sandbox, &empty, &["other/m"], 2).contains("lacks config.json"));
}

#[test]
fn offline_finds_what_was_pulled_and_names_what_was_not() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let path = pulled(&sandbox, &hub, &["good/m"]);
    let asked = hub.seen().len();
    assert_eq!(pulled(&sandbox, &hub, &["good/m", "--offline"]), path);
    assert_eq!(pulled(&sandbox, &hub, &["good/m:m.gguf", "--offline"]), path);
    for address in ["good/m:config.json", "good/m@v1", "other/m", "good/m@v1:m.gguf"] {
        let error = refused(&sandbox, &hub, &[address, "--offline"], 2);
        assert!(
            error.contains(&format!("{address} is not in the cache")) && error.contains("offline"),
            "{error}"
        );
    }
    let mut command = command(&sandbox, &hub, &["good/m:config.json"]);
    command.env("HF_HUB_OFFLINE", "1");
    assert_eq!(run(command).code, Some(2));
    assert_eq!(hub.seen().len(), asked);
}

#[test]
fn hostile_models_are_refused_before_they_are_kept() {
    let sandbox = Sandbox::new();
    let mut huge = b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0t\x01\0\0\0".to_vec();
    huge.extend((1_u64 << 62).to_le_bytes());
    huge.extend([0; 12]);
    let mut many = b"GGUF\x03\0\0\0".to_vec();
    many.extend([0xff; 16]);
    for (bytes, words) in [
        (&MODEL[..MODEL.len() - 100], "truncated"),
        (&MODEL[..200], "truncated"),
        (&huge[..], "impossible"),
        (&many[..], "corrupt"),
        (b"<html>sign in</html>     ", "is a web page"),
        (b"Entry not found", "is text, not a model"),
    ] {
        let hub = MockHub::new(&[("m.gguf", bytes)]);
        let error = refused(&sandbox, &hub, &["good/m"], 2);
        assert!(error.contains(words) && error.contains("nothing was kept"), "{error}");
        nothing_kept(&sandbox, "good");
    }
}

#[test]
fn a_sweep_takes_a_model_of_the_hub() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let sweep = "sweep --device local --out out --models hf:good/m --prompt-tokens 8 --runs 1 --repetitions 1 --warmups 0 \
                 --max-new-tokens 2 --threads 1";
    let mut command = sandbox.command(&sweep.split_whitespace().collect::<Vec<_>>());
    settle(&sandbox, &hub, &mut command);
    let ran = run(command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    assert_eq!(results.plan()["input"]["models"][0]["name"], "m.gguf");
    let mut show = sandbox.command(&["models", "show", "hf:good/m:config.json"]);
    settle(&sandbox, &hub, &mut show);
    let ran = run(show);
    assert!(ran.code == Some(2) && ran.stderr.contains("is no GGUF file"), "{ran:?}");
}

#[test]
fn a_pull_that_is_killed_leaves_a_part_and_no_name() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let mut live = Live::start_command(&sandbox, command(&sandbox, &hub, &["slow/m:m.gguf"]));
    let blobs = root(&sandbox, "slow").join("blobs");
    let part = blobs.join(sha256(&MODEL) + ".incomplete");
    slm_testkit::processes::wait_until("some of the file", || {
        fs::metadata(&part).is_ok_and(|metadata| metadata.len() > 0) || live.has_ended()
    });
    slm_testkit::processes::signal(live.pid(), rustix::process::Signal::KILL);
    let ran = live.wait();
    assert_eq!(ran.code, None);
    assert!(!root(&sandbox, "slow").join("snapshots").exists() && part.is_file());
    assert_eq!(fs::read(pulled(&sandbox, &hub, &["slow/m:m.gguf"])).unwrap(), *MODEL);
    assert!(hub.downloads().last().unwrap().header("range").is_some());
}

#[test]
fn one_signal_ends_a_pull_also_within_a_sweep() {
    let (sandbox, hub) = (Sandbox::new(), hub());
    let sweep = ["sweep", "--device", "local", "--models", "hf:slow/m", "--chunks", "0", "--out", "o"];
    let mut sweep = sandbox.command(&sweep);
    settle(&sandbox, &hub, &mut sweep);
    for started in [command(&sandbox, &hub, &["slow/m:m.gguf"]), sweep] {
        let before = hub.downloads().len();
        let mut live = Live::start_command(&sandbox, started);
        slm_testkit::processes::wait_until("a download", || {
            hub.downloads().len() > before || live.has_ended()
        });
        slm_testkit::processes::signal(live.pid(), rustix::process::Signal::INT);
        let ran = live.wait();
        let told = fs::read_to_string(sandbox.path("stderr.txt")).unwrap();
        assert_eq!((ran.code, told.lines().last()), (Some(130), Some("bench: interrupted")), "{told}");
        assert!(root(&sandbox, "slow").join("blobs").join(sha256(&MODEL) + ".incomplete").is_file());
        assert!(!sandbox.path("o").exists());
    }
    assert_eq!(fs::read(pulled(&sandbox, &hub, &["slow/m:m.gguf"])).unwrap(), *MODEL);
}
