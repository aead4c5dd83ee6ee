//! Chat templates, checked: what the model reads holds the user's text once and whole, and ends with the
//! assistant's turn opened.
//!
//! A template is tried with a marker in the user's place. What stands before and after the marker must stand
//! before and after every real text.

use super::template::{Content, Message, Template};

/// Stand in the place of texts. No template has such words of its own.
const USER: &str = "Zq7UserTextHere4Kx";
const SYSTEM: &str = "Zq7SystemTextHere4Kx";
const ASSISTANT: &str = "Zq7AnswerTextHere4Kx";

/// A template, and what it puts around a user's text.
pub(super) struct Chat<'a> {
    template: &'a Template,
    system: Option<&'a str>,
    frame: Result<Frame, String>,
}

/// What is around every user's text.
struct Frame {
    content: Content,
    /// With the marker in place of the system's text.
    before: String,
    after: String,
}

impl<'a> Chat<'a> {
    /// Checks a template: with texts as they are and, where that fails, as lists of parts.
    pub(super) fn new(template: &'a Template, system: Option<&'a str>) -> Self {
        let frame = |content| frame(template, system.is_some(), content);
        let frame = frame(Content::Text).or_else(|problem| frame(Content::Parts).map_err(|_| problem));
        Self { template, system, frame }
    }

    /// The prompt for a user's message. The error says what the template does, in one line.
    pub(super) fn prompt(&self, user: &str) -> Result<String, String> {
        let frame = self.frame.as_ref().map_err(Clone::clone)?;
        let messages = messages(self.system, user);
        let text = self.template.render(&messages, frame.content, true)?;
        let around = [&frame.before, &frame.after].map(|part| match self.system {
            Some(system) => part.replace(SYSTEM, system),
            None => part.clone(),
        });
        let inner =
            text.strip_prefix(around[0].as_str()).and_then(|rest| rest.strip_suffix(around[1].as_str()));
        // A template may add words of its own that depend on the text, or trim the system's text.
        let is_whole = inner.unwrap_or(&text).contains(user.trim());
        if is_whole { Ok(text) } else { Err("changes the user's text".to_owned()) }
    }
}

fn messages<'m>(system: Option<&'m str>, user: &'m str) -> Vec<Message<'m>> {
    let system = system.map(|text| Message { role: "system", text });
    system.into_iter().chain([Message { role: "user", text: user }]).collect()
}

/// What a template puts around the user's text, or what it does wrong.
fn frame(template: &Template, has_system: bool, content: Content) -> Result<Frame, String> {
    let asked = messages(has_system.then_some(SYSTEM), USER);
    let text = template.render(&asked, content, true)?;
    once(&text, USER, "the user's text")?;
    if has_system {
        once(&text, SYSTEM, "the system's message")?;
    }
    let Some((before, after)) = text.split_once(USER) else {
        return Err("changes the user's text".to_owned());
    };
    for part in [before, after] {
        if let Some(mark) = ["{{", "{%", "{#"].iter().find(|mark| part.contains(*mark)) {
            return Err(format!("is rendered only in part: {mark} is left in the prompt"));
        }
    }
    let is_printed = |part: &str| part.contains("'text'") || part.contains("\"text\"");
    if content == Content::Parts && (is_printed(before) || is_printed(after)) {
        return Err("prints lists of parts as they are".to_owned());
    }
    if !opens_the_answer(template, &asked, content, &text, after) {
        return Err("does not open the assistant's turn".to_owned());
    }
    Ok(Frame { content, before: before.to_owned(), after: after.to_owned() })
}

fn once(text: &str, marker: &str, what: &str) -> Result<(), String> {
    match text.matches(marker).count() {
        1 => Ok(()),
        0 => Err(format!("leaves {what} out, or changes it")),
        n => Err(format!("has {what} {n} times")),
    }
}

/// Whether a prompt ends where an answer begins: the template adds something for that when asked to or, where it
/// does not care, an answer that is given follows the prompt.
fn opens_the_answer(
    template: &Template,
    asked: &[Message<'_>],
    content: Content,
    prompt: &str,
    after: &str,
) -> bool {
    if after.trim().is_empty() {
        return false;
    }
    if let Ok(closed) = template.render(asked, content, false)
        && closed.trim_end() != prompt.trim_end()
    {
        return prompt.len() > closed.len();
    }
    let answered: Vec<Message<'_>> =
        asked.iter().copied().chain([Message { role: "assistant", text: ASSISTANT }]).collect();
    match template.render(&answered, content, false) {
        Ok(whole) => match whole.split_once(ASSISTANT) {
            Some((before, _)) => before.trim_end() == prompt.trim_end(),
            None => true,
        },
        // Some take a single message only.
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ChatTemplate;

    const MARK: &str = "{% if add_generation_prompt %}<|assistant|>{% endif %}";

    fn prompt(source: &str, system: Option<&str>, user: &str) -> Result<String, String> {
        let template = Template::new(&ChatTemplate {
            source: source.to_owned(),
            bos_token: "<s>".to_owned(),
            eos_token: "</s>".to_owned(),
            others: vec![("pad_token".to_owned(), "<pad>".to_owned())],
        });
        Chat::new(&template, system).prompt(user)
    }

    /// Odd templates that models come with: lists of parts, `%`, `tojson`, variables that are none or not there. The
    /// texts are those of transformers: `tools/chat_template_reference.py`.
    #[test]
    fn odd_templates_are_rendered_as_in_transformers() {
        #[derive(serde::Deserialize)]
        struct Odd {
            source: String,
            text: String,
        }
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/odd.json");
        let odd: Vec<Odd> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(odd.len() >= 20);
        for Odd { source, text } in odd {
            assert_eq!(prompt(&source, None, "Who?").as_ref(), Ok(&text), "{source}");
        }
    }

    /// Templates that would have the model read something else.
    #[test]
    fn other_templates_are_refused_with_what_they_do() {
        for (source, does) in [
            (format!("<|user|>{MARK}"), "leaves the user's text out"),
            (
                format!("{{{{ messages[0].content }}}}{{{{ messages[0].content }}}}|{MARK}"),
                "has the user's text 2 times",
            ),
            (format!("{{{{ messages[0].content | upper }}}}|{MARK}"), "leaves the user's text out"),
            (format!("{{{{ messages[0].content[:4] }}}}|{MARK}"), "leaves the user's text out"),
            (format!("{{{{ '{{{{ bos_token }}}}' }}}}{{{{ messages[0].content }}}}|{MARK}"), "only in part"),
            (
                "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}".into(),
                "assistant's turn",
            ),
            ("{% for m in messages %}{{ m.content }}{% endfor %}".into(), "assistant's turn"),
            ("{{ messages[0].content }}\n".into(), "assistant's turn"),
            (
                format!("{{% for p in messages[0].content %}}{{{{ p.image }}}}{{% endfor %}}{MARK}"),
                "leaves the user's text out",
            ),
            (format!("{{{{ messages[0].content }}}}{{{{ nothing.here }}}}{MARK}"), "undefined"),
        ] {
            let problem = prompt(&source, None, "Who?").unwrap_err();
            assert!(problem.contains(does) && !problem.contains('\n'), "{source}: {problem}");
        }
    }

    #[test]
    fn a_turn_may_be_opened_by_the_end_of_the_users() {
        let source = "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}\
                      </s>{% endif %}{% endfor %}";
        assert_eq!(prompt(source, None, "Who?").unwrap(), "[INST] Who? [/INST]");
        let single = "{% if messages | length > 1 %}{{ raise_exception('one only') }}{% endif %}Q: {{ messages[0].content }} A:";
        assert_eq!(prompt(single, None, "Who?").unwrap(), "Q: Who? A:");
    }

    #[test]
    fn the_systems_message_is_looked_for_too() {
        let ignoring = format!("{{{{ messages[-1].content }}}}|{MARK}");
        assert!(
            prompt(&ignoring, Some("Be brief."), "Who?")
                .unwrap_err()
                .contains("leaves the system's message out")
        );
        let both = format!("{{% for m in messages %}}{{{{ m.content | trim }}}}|{{% endfor %}}{MARK}");
        assert_eq!(prompt(&both, Some(" Be brief. "), " Who? ").unwrap(), "Be brief.|Who?|<|assistant|>");
    }

    #[test]
    fn texts_that_a_template_has_too_and_texts_that_it_looks_at() {
        let source = format!("<|user|>{{{{ messages[0].content }}}}</s>{MARK}");
        for user in ["user", "s", "<|assistant|>", "{{ 7 }} {% if %}", "two\n\nlines ", "模型 🙂"] {
            assert_eq!(prompt(&source, None, user).unwrap(), format!("<|user|>{user}</s><|assistant|>"));
        }
        let looking = format!(
            "{{% if 'fast' in messages[0].content %}}/no_think {{% endif %}}{{{{ messages[0].content }}}}|{MARK}"
        );
        assert_eq!(prompt(&looking, None, "fast!").unwrap(), "/no_think fast!|<|assistant|>");
        let cutting = format!("{{{{ messages[0].content.split('Why')[0] }}}}|{MARK}");
        assert!(prompt(&cutting, None, "Who? Why?").unwrap_err().contains("changes the user's text"));
    }
}
