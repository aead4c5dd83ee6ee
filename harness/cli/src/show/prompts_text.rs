//! Prompts as a model reads them, for a terminal.

use slm_plan::text::clean;
use slm_protocol::{PromptsReport, ShownPrompt, ShownToken};
use std::fmt::Write;

/// Width of the lines of token ids.
const WIDTH: usize = 96;

/// The prompts: text with special tokens in brackets and line ends marked, then the ids.
pub fn prompts_text(model: &str, report: &PromptsReport) -> String {
    let mut out = format!("{}\n", clean(model));
    for prompt in &report.prompts {
        one(&mut out, prompt);
    }
    out
}

fn one(out: &mut String, prompt: &ShownPrompt) {
    let tokens = match prompt.tokens.as_ref().map(Vec::len) {
        None => String::new(),
        Some(1) => ", 1 token".to_owned(),
        Some(n) => format!(", {n} tokens"),
    };
    if let Some(problem) = &prompt.unsupported {
        let _ = writeln!(out, "\n{} would not be measured\n  {}", clean(&prompt.id), clean(problem));
        return;
    }
    let how = if prompt.templated { "through a chat template" } else { "as it is, without a chat template" };
    let _ = writeln!(out, "\n{}{tokens}, {how}", clean(&prompt.id));
    let Some(tokens) = &prompt.tokens else {
        for line in prompt.text.lines() {
            let _ = writeln!(out, "  {}", clean(line));
        }
        return;
    };
    for line in marked(tokens).lines() {
        let _ = writeln!(out, "  {line}");
    }
    ids(out, tokens);
}

/// The text of the tokens; a line end is shown before it is made.
fn marked(tokens: &[ShownToken]) -> String {
    let mut text = String::new();
    for token in tokens {
        if token.special {
            let _ = write!(text, "⟦{}⟧", clean(&token.text));
            continue;
        }
        for c in token.text.chars() {
            match c {
                '\n' => text.push_str("↵\n"),
                '\t' => text.push('→'),
                c => text.push_str(&clean(&c.to_string())),
            }
        }
    }
    text
}

fn ids(out: &mut String, tokens: &[ShownToken]) {
    let mut line = String::new();
    for token in tokens {
        let id = format!("{}{}", token.id, if token.special { "*" } else { "" });
        if !line.is_empty() && line.len() + 1 + id.len() > WIDTH {
            let _ = writeln!(out, "  {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&id);
    }
    let _ = writeln!(out, "  {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_tokens_and_line_ends_are_marked() {
        let token = |id, text: &str, special| ShownToken { id, text: text.into(), special };
        let tokens =
            vec![token(1, "<|im_start|>", true), token(42, "user\n", false), token(7, "Wh\u{1b}o", false)];
        let prompt = ShownPrompt {
            id: "q1".into(),
            text: String::new(),
            templated: true,
            unsupported: None,
            tokens: Some(tokens),
        };
        let refused = ShownPrompt { unsupported: Some("m: no".into()), id: "q2".into(), ..prompt.clone() };
        assert_eq!(
            prompts_text("m", &PromptsReport { prompts: vec![prompt, refused] }),
            "m\n\nq1, 3 tokens, through a chat template\n  ⟦<|im_start|>⟧user↵\n  Wh\u{fffd}o\n  1* 42 7\n\nq2 would \
             not be measured\n  m: no\n"
        );
    }
}
