//! What each prompt becomes, token by token.

use super::prepared::Prepared;
use crate::engine::Vocabulary;
use slm_protocol::{ShownPrompt, ShownToken};

/// The prompts as the model reads them; `None` from an engine that tokenizes by itself.
pub(crate) fn show(prompts: &[Prepared], vocabulary: Option<&dyn Vocabulary>) -> Vec<ShownPrompt> {
    let tokens = |prompt: &Prepared| {
        let vocabulary = vocabulary?;
        let ids = vocabulary.tokenize(&prompt.text, prompt.add_special, prompt.parse_special);
        let shown =
            |id: i32| ShownToken { id, text: vocabulary.piece(id), special: vocabulary.is_special(id) };
        Some(ids.into_iter().map(shown).collect())
    };
    let shown = |prompt: &Prepared| ShownPrompt {
        id: prompt.report.id.clone(),
        text: prompt.text.clone(),
        templated: prompt.report.templated,
        unsupported: prompt.report.unsupported.clone(),
        tokens: tokens(prompt),
    };
    prompts.iter().map(shown).collect()
}
