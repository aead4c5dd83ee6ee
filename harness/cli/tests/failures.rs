//! What goes wrong becomes a row with its cause, and the rest goes on.

use slm_testkit::{
    results::{Results, Row},
    sandbox::{Sandbox, TINY, run, sweep_args},
};
use std::{fs, path::Path, process::Command};

/// The shape of a model whose file has about 300 MB.
const LARGE: &str = "shape:arch=mpt,layers=1,d_model=512,heads=8,vocab=140000";
const FEW_TRIALS: &str = "--chunks 0 --runs 1 --repetitions 1 --max-new-tokens 2 --threads 1";

fn large_model(sandbox: &Sandbox) {
    let ran = sandbox.bench(&["models", "make", LARGE, "--quant", "f32", "--out", "large.gguf"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let bytes = fs::metadata(sandbox.path("large.gguf")).expect("the file is there").len();
    assert!((280 << 20..400 << 20).contains(&bytes), "{bytes} bytes");
}

#[test]
fn a_model_cut_short_fails_to_load_beside_a_whole_one() {
    let sandbox = Sandbox::new();
    let file = sandbox.make_model(TINY, "cut.gguf");
    let size = fs::metadata(&file).unwrap().len();
    fs::File::options().write(true).open(&file).unwrap().set_len(size - size / 4).unwrap();
    let ran = sandbox.sweep(&format!("--models ./cut.gguf,{TINY} {FEW_TRIALS}"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.starts_with("bench: ./cut.gguf: truncated"), "a warning comes first: {ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let (cut, whole): (Vec<Row>, Vec<Row>) =
        results.trials().into_iter().partition(|row| row.get("model") == "cut.gguf");
    assert!(cut.iter().all(|row| row.get("failure") == "load-failed"), "{cut:?}");
    assert!(whole.iter().all(Row::is_completed), "{whole:?}");
}

#[test]
fn a_model_beyond_the_limit_of_memory_is_out_of_memory() {
    let sandbox = Sandbox::new();
    large_model(&sandbox);
    for load in ["mmap", "read"] {
        let mut command = Command::new("bash");
        sandbox.settle(&mut command);
        command
            .args(["-c", r#"ulimit -v 280000; exec "$0" "$@""#])
            .arg(slm_testkit::sandbox::bench())
            .args(sweep_args(&format!("--models ./large.gguf {FEW_TRIALS} --load {load}")));
        let ran = run(command);
        assert_eq!(ran.code, Some(1), "{load}: {ran:?}");
        Results::of(&sandbox).check_all_failed("out-of-memory");
        fs::remove_dir_all(sandbox.path("out")).unwrap();
    }
}

/// A folder of the kernel's for the limits of some processes; gone when dropped.
struct Cgroup(std::path::PathBuf);

impl Cgroup {
    fn of(bytes: u64) -> Result<Self, String> {
        let root = Path::new("/sys/fs/cgroup");
        let controllers = fs::read_to_string(root.join("cgroup.subtree_control"));
        let controllers = controllers.map_err(|error| format!("no cgroup v2: {error}"))?;
        if !controllers.split_whitespace().any(|name| name == "memory") {
            return Err("the memory controller is not given to children".into());
        }
        let folder = root.join(format!("bench-test-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|error| error.to_string())?;
        let group = Self(folder);
        fs::write(group.0.join("memory.max"), bytes.to_string()).map_err(|error| error.to_string())?;
        // Without swap, if there is any; else the limit only makes it slow.
        let _ = fs::write(group.0.join("memory.swap.max"), "0");
        Ok(group)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn a_model_beyond_its_memory_cgroup_is_out_of_memory() {
    let group = match Cgroup::of(200 << 20) {
        Ok(group) => group,
        Err(why) => return println!("skipped, no memory cgroup can be made: {why}"),
    };
    // Only the agent is put there: it is what the kernel is to kill.
    let enter = format!("echo $$ > {}/cgroup.procs", group.0.display());
    let sandbox = Sandbox::with_agent_script(&format!("[ \"$1\" = run ] && {enter}\nexec \"$AGENT\" \"$@\""));
    large_model(&sandbox);
    let ran = sandbox.sweep(&format!("--models ./large.gguf {FEW_TRIALS} --load read"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    Results::of(&sandbox).check_all_failed("out-of-memory");
}

#[test]
fn a_cell_that_times_out_twice_is_given_up_and_the_others_go_on() {
    let sandbox = Sandbox::new();
    // 500 times as many tokens: the time-out lies far above one cell and far below the other.
    let model = "shape:arch=mpt,layers=8,d_model=1024,heads=16,vocab=1024,context=4096";
    let ran = sandbox.sweep(&format!(
        "--models {model} --prompt-tokens 4,2000 --runs 1 --repetitions 1 --max-new-tokens 2 --threads 1 --timeout 600ms"
    ));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let of = |tokens: &str| {
        let end = format!("-{tokens}");
        let mut rows = results.trials();
        rows.retain(|row| row.get("prompt_id").ends_with(&end));
        rows
    };
    assert!(of("4").iter().all(Row::is_completed), "{ran:?}");
    let long = of("2000");
    assert!(long.iter().all(|row| row.get("failure") == "timed-out"), "{long:?}");
    let count = |status: &str| long.iter().filter(|row| row.get("status") == status).count();
    assert_eq!((count("failed"), count("skipped")), (2, 4));
    let words: Vec<&str> = long.iter().map(|row| row.get("verdict_reason")).collect();
    assert!(words.iter().any(|text| text.contains("600 ms passed within the prompt")), "{words:?}");
    assert!(words.iter().any(|text| text.contains("given up")), "{words:?}");
}

#[test]
fn a_prompt_beyond_the_models_context_is_unsupported() {
    let sandbox = Sandbox::new();
    let ran = sandbox.sweep(&format!(
        "--models {TINY},context=64 --prompt-tokens 20,100 --runs 1 --repetitions 1 --max-new-tokens 2 --threads 1"
    ));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    for row in results.trials() {
        let fits = row.get("prompt_id").ends_with("-20");
        assert_eq!(row.is_completed(), fits, "{row:?}");
        assert!(fits || row.get("failure") == "unsupported", "{row:?}");
        assert!(fits || row.get("verdict_reason").contains("context of 64"), "{row:?}");
    }
}
