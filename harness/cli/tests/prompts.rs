//! `bench prompts show` as a user sees it, and what a template at fault does to a sweep.

#![allow(clippy::unwrap_used, missing_docs)]

use slm_protocol::PromptsReport;
use slm_testkit::{
    results::Results,
    sandbox::{Ran, Sandbox, TINY},
};
use std::fs;

const TURNS: &str = "{% for m in messages %}<|user|>{{ m.content }}|{% endfor %}";
const OPENED: &str = "{% if add_generation_prompt %}<|assistant|>{% endif %}";

/// A sandbox with a model file whose texts begin with `<|endoftext|>`, and a template in `t.jinja`.
fn with_template(source: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let path = sandbox.make_model(TINY, "m.gguf");
    let mut bytes = fs::read(&path).unwrap();
    let key = b"tokenizer.ggml.add_bos_token";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap() + key.len();
    assert_eq!(bytes[at..at + 5], [7, 0, 0, 0, 0], "a boolean, false");
    bytes[at + 4] = 1;
    fs::write(&path, bytes).unwrap();
    fs::write(sandbox.path("t.jinja"), source).unwrap();
    sandbox
}

fn show(sandbox: &Sandbox, options: &str) -> Ran {
    let args = format!("prompts show m.gguf {options}");
    sandbox.bench(&args.split_whitespace().collect::<Vec<_>>())
}

#[test]
fn a_model_reads_the_token_that_begins_its_texts_once() {
    for before in ["", "{{ bos_token }}", "\n  {{ bos_token }}"] {
        let sandbox = with_template(&format!("{before}{TURNS}{OPENED}"));
        let ran = show(&sandbox, "--chat-template t.jinja --prompt q2 --output json");
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let report: PromptsReport = serde_json::from_str(&ran.stdout).unwrap();
        let tokens = report.prompts[0].tokens.as_ref().unwrap();
        let begin: Vec<&str> =
            tokens.iter().filter(|token| token.special).map(|token| token.text.as_str()).collect();
        assert_eq!(begin, ["<|endoftext|>"], "{before:?}");
        let text: String = tokens.iter().map(|token| token.text.as_str()).collect();
        assert!(text.ends_with("<|user|>What is the capital city of France?|<|assistant|>"), "{text}");
    }
}

#[test]
fn what_is_read_is_shown_token_by_token() {
    let sandbox = with_template(&format!("{TURNS}{OPENED}"));
    let shown = |options: &str| {
        let ran = show(&sandbox, options);
        format!("$ bench prompts show m.gguf {options}\n{}{}\n", ran.stdout, sandbox.redact(&ran.stderr))
    };
    fs::write(sandbox.path("empty.jinja"), "\n").unwrap();
    fs::write(sandbox.path("twice.jinja"), format!("{{{{ bos_token }}}}{{{{ bos_token }}}}{TURNS}{OPENED}"))
        .unwrap();
    let all: String = [
        "--prompt q2 --chat-template t.jinja",
        "--prompt q2",
        "--prompt-tokens 1 --prompt d1-1",
        "--prompt q2 --chat-template twice.jinja",
        "--chat-template empty.jinja",
        "--chat-template nowhere.jinja",
        "--prompt q9",
    ]
    .map(shown)
    .concat();
    insta::assert_snapshot!(all);
}

#[test]
fn a_sweep_refuses_a_model_whose_template_does_not_open_the_answer() {
    let sandbox = with_template(TURNS);
    let ran = sandbox.sweep("--models m.gguf --chunks 0 --runs 1 --repetitions 1 --chat-template t.jinja");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    Results::of(&sandbox).check_all_failed("unsupported");
    let trials = Results::of(&sandbox).text("trials.csv");
    for words in ["m.gguf: its chat template does not open the assistant's turn", "--chat-template FILE"] {
        assert!(trials.contains(words), "{trials}");
    }
    let ran = sandbox.bench(&[
        "sweep",
        "--device",
        "local",
        "--out",
        "plain",
        "--models",
        "m.gguf",
        "--chunks",
        "0",
        "--runs",
        "1",
        "--no-chat-template",
        "--max-new-tokens",
        "4",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
