//! The same report as Markdown, with links to the plots.

use crate::view::View;
use minijinja::{AutoEscape, Environment, Output, State, Value, context, syntax::SyntaxConfig, value::Serde};
use slm_plan::error::{Error, Result};

const TEMPLATE: &str = include_str!("assets/report.md.jinja");

/// Renders the Markdown.
///
/// # Errors
/// [`Error::Internal`] when the template is at fault.
pub(crate) fn render(view: &View) -> Result<String> {
    let failed = |error: minijinja::Error| Error::Internal(format!("report.md: {error:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(format);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
    environment.set_syntax(syntax);
    environment.add_filter("fenced", |text: &str| Value::from_safe_string(fenced(text)));
    environment.add_template("report.md", TEMPLATE).map_err(failed)?;
    let template = environment.get_template("report.md").map_err(failed)?;
    template.render(context! { view => Value::from(Serde(view)) }).map_err(failed)
}

fn format(out: &mut Output, _: &mut State, value: &Value) -> std::result::Result<(), minijinja::Error> {
    let text = value.to_string();
    let text = if value.is_safe() { text } else { escaped(&text) };
    out.write_str(&text).map_err(minijinja::Error::from)
}

/// Text as Markdown that shows just this text, on one line.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text as a code block, within a fence that it cannot close.
fn fenced(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    let clean: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    format!("{fence}text\n{clean}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escaped("a|b <i>*x*</i>\n_y_ [z](u)"),
            "a\\|b &lt;i&gt;\\*x\\*&lt;/i&gt; \\_y\\_ \\[z\\](u)"
        );
        assert_eq!(fenced("a ```` b"), "`````text\na ```` b\n`````");
    }
}
