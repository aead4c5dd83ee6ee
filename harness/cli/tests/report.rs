//! `bench report` through its binary: the Markdown as a snapshot, the page in
//! real headless Chromium, bad folders.

#![allow(clippy::unwrap_used, missing_docs)]

use assert_cmd::Command;
use slm_results::manifest::FORMAT;
use slm_testkit::{chromium, made::Made, repository::baseline, sandbox};
use std::{fs, path::Path};
use tempfile::TempDir;

const HOSTILE: &str = "<script>alert(1)</script> `` ``` </pre> & | ]]> \u{202e}txt \u{1b}[2J";

fn made(models: usize) -> Made {
    Made { output: Some(HOSTILE.into()), real: 1, ..Made::on_a_phone(models) }
}

fn bench() -> Command {
    Command::new(sandbox::bench())
}

/// Makes a results folder named `made-up` and its report; returns the place of both.
fn reported(made: &Made) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    made.write(&folder.path().join("made-up"));
    bench().current_dir(&folder).args(["report", "made-up"]).assert().success();
    folder
}

fn page(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("reports/made-up/report.html")).unwrap()
}

#[test]
fn the_markdown_says_it_all() {
    let folder = reported(&made(3));
    let text = fs::read_to_string(folder.path().join("reports/made-up/report.md")).unwrap();
    insta::with_settings!({filters => vec![
        (r"Made by .*", "Made by [tool]"),
        (r"[0-9a-f]{64}", "[plan hash]"),
    ]}, { insta::assert_snapshot!("markdown", text) });
    for line in text.lines().filter_map(|line| line.split_once("](plots/")) {
        let name = line.1.trim_end_matches(')');
        assert!(folder.path().join("reports/made-up/plots").join(name).is_file(), "{name}");
    }
}

#[test]
fn the_verdict_is_printed_for_people_and_programs() {
    let folder = tempfile::tempdir().unwrap();
    made(3).write(&folder.path().join("made-up"));
    let run = |more: &[&str]| {
        let done = bench().current_dir(&folder).args(["report", "made-up"]).args(more).assert().success();
        String::from_utf8(done.get_output().stdout.clone()).unwrap()
    };
    let text = run(&["--max-runtime", "2.9"]);
    assert!(text.starts_with("The largest model that answers within 2.9 s"), "{text}");
    assert!(text.contains("Larger ones failed there: pythia-160m (out-of-memory)"), "{text}");
    assert!(run(&["--max-runtime", "0.1"]).starts_with("No measured model answers within 0.1 s"));
    let json: serde_json::Value = serde_json::from_str(&run(&["--output", "json"])).unwrap();
    assert!(json["plots"].as_array().unwrap().len() == 11 && json["verdict"][0].is_string(), "{json}");
}

#[test]
fn the_page_opens_sorts_and_runs_nothing_foreign() {
    let mut made = made(3);
    made.models[0].0 = "slimlm<script>alert(2)</script>.gguf".into();
    let folder = reported(&made);
    let html = page(&folder);
    assert_eq!(html.matches("<script>").count(), 1, "only our own script");
    assert!(html.contains("&lt;script&gt;alert(1)"));
    assert!(!html.contains("src=\"http") && !html.contains("href=\"http") && !html.contains("url(\"http"));
    let Some(chromium) = chromium::find() else { return };
    let file = folder.path().join("reports/made-up/report.html");
    let shown = chromium.open(&file);
    assert_eq!(shown.console, "", "console of the page");
    assert!(shown.dom.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "the output is shown as text");
    assert!(shown.dom.contains("slimlm&lt;script&gt;alert(2)"), "so is the name");
    // Pressing a heading once sorts ascending, twice descending, within each group.
    for (presses, order) in [(1, ["smollm-135m", "slimlm&lt;"]), (2, ["slimlm&lt;", "smollm-135m"])] {
        let script = format!(
            "<script>for (let i = 0; i < {presses}; i++) \
             document.querySelectorAll('#figures table th button')[2].click();</script></body>"
        );
        // The page's policy would forbid this script, as it should.
        let pressed = html.replacen("Content-Security-Policy", "none", 1).replacen("</body>", &script, 1);
        let copy = folder.path().join(format!("pressed-{presses}.html"));
        fs::write(&copy, pressed).unwrap();
        let dom = chromium.open(&copy).dom;
        let first_group = dom.split("<tbody>").nth(1).unwrap();
        let at = order.map(|name| first_group.find(name).unwrap());
        assert!(at[0] < at[1], "{presses} presses: {first_group}");
        assert!(dom.contains(if presses == 1 {
            "aria-sort=\"ascending\""
        } else {
            "aria-sort=\"descending\""
        }));
    }
}

#[test]
fn the_browser_check_sees_errors() {
    let Some(chromium) = chromium::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.html");
    fs::write(&file, "<!doctype html><script>nothing.here()</script>").unwrap();
    assert!(chromium.open(&file).console.contains("nothing is not defined"));
    let folder = reported(&made(1));
    let injected = page(&folder).replacen("</body>", "<script>document.title='x'</script></body>", 1);
    let file = folder.path().join("injected.html");
    fs::write(&file, injected).unwrap();
    let shown = chromium.open(&file);
    assert!(shown.console.contains("Content Security Policy") && !shown.dom.contains("<title>x</title>"));
}

#[test]
fn a_page_of_twelve_models_stays_small() {
    let mut made = made(12);
    made.repetitions = 3;
    let size = page(&reported(&made)).len();
    assert!(size < 1_000_000, "{size} bytes");
}

#[test]
fn several_folders_and_a_baseline_make_one_report() {
    let folder = tempfile::tempdir().unwrap();
    made(3).write(&folder.path().join("first"));
    made(2).write(&folder.path().join("second"));
    let args = ["report", "first", "second", "--baseline", "second/summary.csv", "--out", "both"];
    bench().current_dir(&folder).args(args).assert().success();
    let text = fs::read_to_string(folder.path().join("both/report.md")).unwrap();
    assert!(text.contains("slimlm-125m · first") && text.contains("slimlm-125m · second"), "{text}");
    assert!(text.contains("Ours divided by second/summary.csv") && text.contains("Run (second)"));
    assert!(text.contains(", no change") || text.contains(", inconclusive"), "{text}");
    assert!(folder.path().join("both/plots/course-2.svg").is_file());
}

#[test]
fn a_lost_device_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two");
    Made { devices: &["phone", "tablet"], ..made(2) }.write(&path);
    let event = |seq: u32, event: &str| {
        format!(
            "{{\"format\":\"{FORMAT}\",\"seq\":{seq},\"at\":\"2026-01-02T04:00:00Z\",\"event\":{event}}}\n"
        )
    };
    let lost = r#"{"type":"device-lost","device":"tablet","reason":"no answer <b>for</b> 60 s"}"#;
    let mut events = fs::read_to_string(path.join("events.jsonl")).unwrap();
    events += &event(999, lost);
    fs::write(path.join("events.jsonl"), events).unwrap();
    // Of one of its cells nothing came back.
    let trials = fs::read_to_string(path.join("trials.csv")).unwrap();
    let is_gone = |line: &&str| {
        !(line.contains(",tablet,") && line.contains("slimlm-125m") && line.contains(",r1-k2,"))
    };
    fs::write(path.join("trials.csv"), trials.split_inclusive('\n').filter(is_gone).collect::<String>())
        .unwrap();
    bench().current_dir(&folder).args(["report", "two", "--out", "out"]).assert().success();
    let text = fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    assert!(
        text.contains(
            "Device tablet was lost (no answer &lt;b&gt;for&lt;/b&gt; 60 s): 3 trials without a result."
        ),
        "{text}"
    );
    assert!(text.contains("Lost devices") && text.contains("2026-01-02T04:00:00Z"), "{text}");
    assert!(text.contains("On phone: ") && text.contains("On tablet: "), "{text}");
}

#[test]
fn bad_folders_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("empty")).unwrap();
    made(1).write(&path("future"));
    replace(&path("future/manifest.json"), &format!("\"format\": \"{FORMAT}\""), "\"format\": \"2.0\"");
    made(1).write(&path("torn"));
    replace(&path("torn/trials.csv"), ",completed,", ",finished,");
    made(1).write(&path("gone"));
    fs::remove_file(path("gone/trials.csv")).unwrap();
    fs::write(path("table.csv"), fs::read(baseline("slimlm-s24.csv")).unwrap()).unwrap();
    for (name, said) in [
        ("empty", "is empty"),
        ("nowhere", "cannot read nowhere"),
        ("future", "format version 2.0"),
        ("torn", "torn/trials.csv, line 2, column status"),
        ("gone", "gone/trials.csv"),
        ("table.csv", "is not a results folder"),
    ] {
        let done = bench().current_dir(&folder).args(["report", name]).assert().code(2);
        let error = String::from_utf8(done.get_output().stderr.clone()).unwrap();
        assert!(error.starts_with("bench: ") && error.contains(said), "{name}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!path("reports").exists(), "nothing is written");
    }
    made(1).write(&path("good"));
    fs::write(path("file"), "").unwrap();
    let done = bench().current_dir(&folder).args(["report", "good", "--out", "file/x"]).assert().code(2);
    let error = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    assert!(error.contains("cannot write to file/x") && error.contains("--out"), "{error}");
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}
