//! Answers for a terminal.

use super::{
    answer::{Answer, limited},
    shown::{beginning_and_end, harmless},
};
use crate::identity::Identity;
use slm_plan::text::clean;
use std::fmt::Write;

/// Characters of a prompt that are shown; JSON has all of them.
const PROMPT: usize = 600;

/// The answers, model by model, each beside its prompt.
pub fn text(answers: &[Answer]) -> String {
    let mut out = String::new();
    for group in answers.chunk_by(is_same_model) {
        if !out.is_empty() {
            out.push('\n');
        }
        heading(&mut out, group);
        for answer in group {
            one(&mut out, answer);
        }
    }
    out
}

fn is_same_model(one: &Answer, other: &Answer) -> bool {
    Identity::from(one) == Identity::from(other)
}

fn heading(out: &mut String, group: &[Answer]) {
    let Some(first) = group.first() else { return };
    let random = if first.is_random() { " (synthetic weights: random text)" } else { "" };
    let variant = first.variant.as_ref().map(|label| format!(", variant {label}")).unwrap_or_default();
    let name =
        format!("{} {} on {}, {}{variant}{random}", first.model, first.quant, first.device, first.backend);
    let _ = writeln!(out, "{}", clean(&name));
    let (limited, all) = limited(group);
    let _ = writeln!(out, "{limited} of {all} outputs ended at the limit of output tokens");
}

fn one(out: &mut String, answer: &Answer) {
    let tokens = answer.n_in.map(|n| format!(", {n} tokens in")).unwrap_or_default();
    let _ = writeln!(out, "\n{}{tokens}", clean(&answer.prompt_id));
    match &answer.prompt {
        Some(prompt) => lines(out, "  > ", &harmless(&beginning_and_end(prompt, PROMPT))),
        None => lines(out, "  > ", "[the beginning of a document, cut by each model's tokenizer]"),
    }
    lines(out, "  ", &harmless(&answer.output));
    let _ = writeln!(out, "  [{}]", answer.how_it_ended());
}

fn lines(out: &mut String, mark: &str, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "{}", format!("{mark}{line}").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slm_protocol::StopReason;

    fn answer(output: &str) -> Answer {
        Answer {
            device: "s24".into(),
            backend: "llama.cpp".into(),
            model: "m\u{1b}[2J".into(),
            weights: "real".into(),
            quant: "q4_0".into(),
            variant: None,
            chunks: Some(0),
            prompt_tokens: None,
            prompt_id: "q1".into(),
            prompt: Some("Who?\nWhen?".into()),
            n_in: Some(12),
            n_out: 3,
            stop_reason: StopReason::EndToken,
            output: output.into(),
            trials: 3,
            alike: 2,
            at_limit: 1,
        }
    }

    #[test]
    fn an_answer_stands_below_its_prompt_and_moves_no_cursor() {
        assert_eq!(
            text(&[answer("He.\n\u{1b}[1A[forged]")]),
            "m\u{fffd}[2J q4_0 on s24, llama.cpp\n1 of 3 outputs ended at the limit of output tokens\n\nq1, 12 tokens \
             in\n  > Who?\n  > When?\n  He.\n  \u{fffd}[1A[forged]\n  [ended by the model after 3 tokens; the same in 2 \
             of 3 trials]\n"
        );
    }

    #[test]
    fn each_model_has_its_heading_and_its_count() {
        let other = Answer { model: "n".into(), ..answer("x") };
        let setting = |label: &str| Answer { variant: Some(label.into()), ..answer("x") };
        let shown = text(&[answer("a"), answer("b"), other, setting("a"), setting("b")]);
        assert_eq!(shown.matches(" of 6 outputs").count(), 1, "{shown}");
        assert_eq!(shown.matches("on s24").count(), 4, "{shown}");
        assert!(shown.contains("llama.cpp, variant b\n"), "{shown}");
    }
}
