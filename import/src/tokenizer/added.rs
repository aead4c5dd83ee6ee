//! Added tokens: what they may do to the text around them.

use serde_json::Value;

use super::structure::{Kind, Prefix};
use crate::error::{Result, refuse};

/// The content of an added token, if it finds its place in texts as the engine has it.
/// What the agent does itself: white space after it (`rstrip`).
pub(super) fn read<'a>(entry: &'a Value, kind: &Kind) -> Result<&'a str> {
    let Some(token) = entry["content"].as_str().filter(|token| !token.is_empty()) else {
        return refuse("tokenizer.json: an added token without content");
    };
    for habit in ["lstrip", "single_word"] {
        if entry[habit] == true {
            return refuse(format!(
                "tokenizer.json: added token {token:?} has {habit}=true, which llama.cpp does not do"
            ));
        }
    }
    // Then it is looked for with what the normalizer makes of it.
    let changes = match kind {
        Kind::Pieces { prefix: Prefix::Stretches } => true,
        Kind::Pieces { prefix: Prefix::None } => token.contains([' ', '▁']),
        _ => false,
    };
    if entry["normalized"] == true && changes {
        return refuse(format!(
            "tokenizer.json: added token {token:?} has normalized=true, so that it is found with the space \
             before it only, which llama.cpp does not do"
        ));
    }
    Ok(token)
}

/// Refuses added tokens that would be found where the agent takes a space away or puts one.
pub(super) fn check_together(added: &[String], strips: &[String], kind: &Kind) -> Result<()> {
    let puts = matches!(kind, Kind::Pieces { prefix: Prefix::Start | Prefix::BareStretches });
    let spaced = added.iter().find(|token| token.starts_with(char::is_whitespace));
    if let Some(token) = spaced.filter(|_| puts || !strips.is_empty()) {
        return refuse(format!(
            "tokenizer.json: added token {token:?} begins with a space, where others or the pre-tokenizer change spaces"
        ));
    }
    for strip in strips {
        let longer = |token: &&String| token.len() > strip.len() && token.starts_with(strip.as_str());
        if let Some(longer) = added.iter().find(longer) {
            return refuse(format!(
                "tokenizer.json: added token {longer:?} begins with {strip:?}, which has rstrip=true"
            ));
        }
    }
    Ok(())
}
