//! Chat templates, rendered by a real Jinja engine: the model was trained on what
//! the template says, to the byte.
//!
//! `strftime_now` always returns one day, 26 July 2024: templates that use it write
//! the date into the prompt, and a prompt must be the same tomorrow. Llama 3's
//! templates take that day themselves where the function is missing.

use super::{date, json, percent, tags};
use crate::engine::ChatTemplate;
use minijinja::{Environment, Error, ErrorKind, Value, context, syntax::SyntaxConfig};
use std::collections::BTreeMap;

const NAME: &str = "chat";
/// Steps that a template may take: it comes with the model file, and a hostile
/// one must not hang the agent.
const FUEL: u64 = 5_000_000;

/// A message of a conversation.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) text: &'a str,
}

/// In which form a template gets the text of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// As it is.
    Text,
    /// As a list of one part, for templates of models that take images, too.
    Parts,
}

/// A model's chat template.
pub(super) struct Template {
    environment: Environment<'static>,
    /// Why the template cannot be used, found when it was read.
    problem: Option<String>,
    /// Special tokens by the names that templates know them by; those that the model lacks are undefined.
    tokens: BTreeMap<String, String>,
}

impl Template {
    /// Reads the template with the settings that Hugging Face's `transformers` uses.
    pub(super) fn new(template: &ChatTemplate) -> Self {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the default delimiters are valid"));
        environment.set_fuel(Some(FUEL));
        // Methods of Python's strings, lists and dictionaries.
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> Result<String, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_function("strftime_now", date::format);
        environment.add_filter("tojson", json::tojson);
        let source = percent::as_filter(&tags::without_generation(&template.source));
        let problem = environment.add_template_owned(NAME, source).err().map(|error| describe(&error));
        let own = [("bos_token", &template.bos_token), ("eos_token", &template.eos_token)];
        let own = own.into_iter().map(|(name, text)| (name.to_owned(), text.clone()));
        let tokens =
            template.others.iter().cloned().chain(own).filter(|(_, text)| !text.is_empty()).collect();
        Self { environment, problem, tokens }
    }

    /// The text of a conversation; `opens`: with the assistant's next turn opened. The error is one line.
    pub(super) fn render(
        &self,
        messages: &[Message<'_>],
        content: Content,
        opens: bool,
    ) -> Result<String, String> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let value = |message: &Message<'_>| {
            let Message { role, text } = *message;
            match content {
                Content::Text => context! { role, content => text },
                Content::Parts => context! { role, content => [context! { type => "text", text }] },
            }
        };
        let messages: Vec<Value> = messages.iter().map(value).collect();
        // What `apply_chat_template` passes: what is not given is none, not undefined.
        let values = context! {
            messages,
            tools => Value::from(()),
            documents => Value::from(()),
            add_generation_prompt => opens,
            ..Value::from_pairs(self.tokens.clone())
        };
        let template = self.environment.get_template(NAME).map_err(|error| describe(&error))?;
        template.render(values).map_err(|error| describe(&error))
    }
}

fn describe(error: &Error) -> String {
    format!("cannot be rendered: {error}").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(source: &str) -> Template {
        Template::new(&ChatTemplate {
            source: source.to_owned(),
            bos_token: "<s>".to_owned(),
            eos_token: "</s>".to_owned(),
            others: Vec::new(),
        })
    }

    fn render(source: &str, system: Option<&str>, user: &str) -> Result<String, String> {
        let system = system.map(|text| Message { role: "system", text });
        let messages: Vec<_> = system.into_iter().chain([Message { role: "user", text: user }]).collect();
        template(source).render(&messages, Content::Text, true)
    }

    #[test]
    fn chatml_as_models_ship_it() {
        let source = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ \
                      '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + \
                      message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}\
                      {% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
        assert_eq!(
            render(source, None, "Hi {{ 7 }}").unwrap(),
            "<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\nHi {{ 7 }}<|im_end|>\n\
             <|im_start|>assistant\n"
        );
    }

    #[test]
    fn python_methods_namespaces_and_block_trimming_work() {
        let source = "{{ bos_token }}{%- set ns = namespace(n=0) %}\n{%- for m in messages %}\n    {% if m.content\
                      .startswith(' ') %}\n[{{ m['content'].strip() | upper }}]\n    {% endif %}\n{% set ns.n = ns.n + 1 \
                      %}{% endfor %}{{ ns.n }}{{ messages | tojson }}";
        let rendered = render(source, None, " hi ").unwrap();
        assert!(rendered.starts_with("<s>[HI]\n1[{"), "{rendered:?}");
    }

    #[test]
    fn errors_are_one_line_and_hostile_loops_end() {
        let refused = render("{{ raise_exception('Only\nassistants') }}", None, "x").unwrap_err();
        assert!(refused.contains("Only assistants") && !refused.contains('\n'), "{refused}");
        assert!(render("{% if %}", None, "x").is_err());
        assert!(render("{% generation %}", None, "x").is_err());
        let endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
        assert!(render(endless, None, "x").is_err());
    }

    /// The forms of eight families' templates, as `transformers` renders them.
    #[test]
    fn templates_render_as_in_transformers() {
        #[derive(serde::Deserialize)]
        struct Expected {
            cases: Vec<Case>,
        }
        #[derive(serde::Deserialize)]
        struct Case {
            template: String,
            system: Option<String>,
            user: String,
            text: Option<String>,
            error: Option<String>,
        }
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates");
        let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
        let expected: Expected = serde_json::from_str(&expected).unwrap();
        assert!(expected.cases.len() >= 36);
        for case in expected.cases {
            let name = &case.template;
            let source = std::fs::read_to_string(folder.join(format!("{name}.jinja"))).unwrap();
            let rendered = render(&source, case.system.as_deref(), &case.user);
            match (rendered, case.text, case.error) {
                (Ok(rendered), Some(text), None) => assert_eq!(rendered, text, "{name}"),
                (Err(problem), None, Some(error)) => assert!(problem.contains(&error), "{name}: {problem}"),
                (rendered, text, _) => panic!("{name}: {rendered:?} is not {text:?}"),
            }
        }
    }

    #[test]
    fn the_date_is_always_the_same() {
        let source =
            "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}26 Jul 2024{% endif %}";
        assert_eq!(render(source, None, "x").unwrap(), "26 Jul 2024");
    }
}
