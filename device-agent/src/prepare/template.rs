//! Chat templates, rendered by a real Jinja engine: the model was trained on what
//! the template says, to the byte.
//!
//! `strftime_now` always returns one day, 26 July 2024: templates that use it write
//! the date into the prompt, and a prompt must be the same tomorrow. Llama 3's
//! templates take that day themselves where the function is missing.

use super::{date, tags};
use crate::engine::ChatTemplate;
use minijinja::{Environment, Error, ErrorKind, context, syntax::SyntaxConfig};

const NAME: &str = "chat";
/// Steps that a template may take: it comes with the model file, and a hostile
/// one must not hang the agent.
const FUEL: u64 = 5_000_000;

/// A model's chat template.
pub(super) struct Template {
    environment: Environment<'static>,
    /// Why the template cannot be used, found when it was read.
    problem: Option<String>,
    bos_token: String,
    eos_token: String,
}

impl Template {
    /// Reads the template with the settings that Hugging Face's `transformers` uses.
    pub(super) fn new(template: ChatTemplate) -> Self {
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
        let source = tags::without_generation(&template.source);
        let problem = environment.add_template_owned(NAME, source).err().map(|error| describe(&error));
        Self { environment, problem, bos_token: template.bos_token, eos_token: template.eos_token }
    }

    /// The prompt for one message of a user, after one of the system where there is
    /// one. The error is one line.
    pub(super) fn render(&self, system: Option<&str>, message: &str) -> Result<String, String> {
        if let Some(problem) = &self.problem {
            return Err(problem.clone());
        }
        let of = |role: &str, content: &str| context! { role, content };
        let messages: Vec<_> =
            system.map(|text| of("system", text)).into_iter().chain([of("user", message)]).collect();
        let values = context! {
            messages,
            add_generation_prompt => true,
            bos_token => self.bos_token.as_str(),
            eos_token => self.eos_token.as_str(),
        };
        let template = self.environment.get_template(NAME).map_err(|error| describe(&error))?;
        template.render(values).map_err(|error| describe(&error))
    }

    /// Whether a rendered text already begins with the begin-of-sequence token.
    pub(super) fn begins(&self, text: &str) -> bool {
        !self.bos_token.is_empty() && text.starts_with(&self.bos_token)
    }
}

fn describe(error: &Error) -> String {
    format!("the model's chat template: {error}").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(source: &str) -> Template {
        Template::new(ChatTemplate {
            source: source.to_owned(),
            bos_token: "<s>".to_owned(),
            eos_token: "</s>".to_owned(),
        })
    }

    #[test]
    fn chatml_as_models_ship_it() {
        let source = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ \
                      '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + \
                      message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}\
                      {% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
        assert_eq!(
            template(source).render(None, "Hi {{ 7 }}").unwrap(),
            "<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\nHi {{ 7 }}<|im_end|>\n\
             <|im_start|>assistant\n"
        );
    }

    #[test]
    fn python_methods_namespaces_and_block_trimming_work() {
        let source = "{{ bos_token }}{%- set ns = namespace(n=0) %}\n{%- for m in messages %}\n    {% if m.content\
                      .startswith(' ') %}\n[{{ m['content'].strip() | upper }}]\n    {% endif %}\n{% set ns.n = ns.n + 1 \
                      %}{% endfor %}{{ ns.n }}{{ messages | tojson }}";
        let rendered = template(source).render(None, " hi ").unwrap();
        assert!(rendered.starts_with("<s>[HI]\n1[{"), "{rendered:?}");
        assert!(template(source).begins(&rendered));
    }

    #[test]
    fn errors_are_one_line_and_hostile_loops_end() {
        let refused = template("{{ raise_exception('Only\nassistants') }}").render(None, "x").unwrap_err();
        assert!(refused.contains("Only assistants") && !refused.contains('\n'), "{refused}");
        assert!(template("{% if %}").render(None, "x").is_err());
        assert!(template("{% generation %}").render(None, "x").is_err());
        let endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
        assert!(template(endless).render(None, "x").is_err());
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
            let rendered = template(&source).render(case.system.as_deref(), &case.user);
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
        assert_eq!(template(source).render(None, "x").unwrap(), "26 Jul 2024");
    }
}
