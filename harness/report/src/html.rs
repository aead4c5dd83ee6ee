//! The page: one file, no network, every text escaped.

use crate::{draw::font, view::View};
use minijinja::{AutoEscape, Environment, Value, context, syntax::SyntaxConfig, value::Serde};
use sha2::{Digest, Sha256};
use slm_plan::error::{Error, Result};

const TEMPLATE: &str = include_str!("assets/report.html.jinja");
const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/table.js");

/// Renders the page; the plots must have been rendered before.
///
/// # Errors
/// [`Error::Internal`] when the template is at fault.
pub(crate) fn render(view: &View) -> Result<String> {
    let failed = |error: minijinja::Error| Error::Internal(format!("report.html: {error:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
    environment.set_syntax(syntax);
    environment.add_template("report.html", TEMPLATE).map_err(failed)?;
    let template = environment.get_template("report.html").map_err(failed)?;
    let style = STYLE.replace("FONT_DATA", &base64(font::FILE));
    // Only this script may run, even if a text were not escaped.
    let script_hash = base64(&Sha256::digest(SCRIPT.as_bytes()));
    template
        .render(context! { view => Value::from(Serde(view)), style, script => SCRIPT, script_hash })
        .map_err(failed)
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_follows_the_rfc() {
        let shown: Vec<String> =
            ["", "f", "fo", "foo", "foobar"].iter().map(|t| super::base64(t.as_bytes())).collect();
        assert_eq!(shown, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]);
    }
}
