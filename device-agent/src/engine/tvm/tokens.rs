//! The tokenizer: the folder's `tokenizer.json`, or a simple rule where it has none.

use crate::engine::{error::LoadError, model::ChatTemplate};
use serde::Deserialize;
use slm_models::plain_text;
use slm_protocol::Failure;
use std::{cell::RefCell, path::Path};
use tokenizers::Tokenizer;

/// Largest `tokenizer_config.json` that is read, bytes.
const MAX_CONFIG: u64 = 16 << 20;

/// Bytes of text per token where there is no tokenizer, about what English takes.
const BYTES_PER_TOKEN: usize = 4;

/// From text to tokens and back.
pub(super) enum Tokens {
    /// Of the model's folder. In a cell, since special tokens are switched on and off.
    File(Box<RefCell<Tokenizer>>),
    /// Every four bytes of text are a token, the same in every run: enough for prompts
    /// of a given number of tokens, which is all that a model without one is given.
    Fixed { vocabulary: u32 },
}

/// `tokenizer_config.json`, as far as it is needed.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    chat_template: Option<Template>,
    #[serde(default)]
    bos_token: Option<Special>,
    #[serde(default)]
    eos_token: Option<Special>,
    #[serde(default)]
    pad_token: Option<Special>,
    #[serde(default)]
    unk_token: Option<Special>,
}

/// A template, or several by name, of which the first is the ordinary one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Template {
    One(String),
    Several(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    template: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Special {
    Text(String),
    Token { content: String },
}

impl Special {
    fn text(self) -> String {
        match self {
            Special::Text(text) | Special::Token { content: text } => text,
        }
    }
}

impl Tokens {
    /// The tokenizer of a folder; ids stay below `vocabulary`.
    pub(super) fn open(folder: &Path, vocabulary: u32) -> Result<Self, LoadError> {
        let path = folder.join("tokenizer.json");
        if !path.is_file() {
            return Ok(Self::Fixed { vocabulary });
        }
        let tokenizer = Tokenizer::from_file(&path).map_err(|error| LoadError {
            failure: Failure::LoadFailed,
            message: format!("{}: {error}", path.display()),
        })?;
        Ok(Self::File(Box::new(RefCell::new(tokenizer))))
    }

    /// A line of evidence.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Tokens::File(_) => "tokenizer: tokenizer.json",
            Tokens::Fixed { .. } => "tokenizer: none, a token for every four bytes",
        }
    }

    pub(super) fn encode(&self, text: &str, add_special: bool, parse_special: bool) -> Vec<i32> {
        match self {
            Tokens::File(tokenizer) => {
                let mut tokenizer = tokenizer.borrow_mut();
                tokenizer.set_encode_special_tokens(!parse_special);
                let encoding = tokenizer.encode_fast(text, add_special);
                // A text that it cannot encode has no tokens, and is refused for that.
                let ids = encoding.map(|encoding| encoding.get_ids().to_vec()).unwrap_or_default();
                ids.into_iter().map(|id| i32::try_from(id).unwrap_or(i32::MAX)).collect()
            }
            Tokens::Fixed { vocabulary } => {
                text.as_bytes().chunks(BYTES_PER_TOKEN).map(|piece| fixed(piece, *vocabulary)).collect()
            }
        }
    }

    /// Empty without a tokenizer: its ids stand for no text.
    pub(super) fn decode(&self, tokens: &[i32]) -> String {
        match self {
            Tokens::File(tokenizer) => {
                let ids: Vec<u32> = tokens.iter().filter_map(|token| u32::try_from(*token).ok()).collect();
                tokenizer.borrow().decode(&ids, false).unwrap_or_default()
            }
            Tokens::Fixed { .. } => String::new(),
        }
    }
}

/// FNV-1a over the bytes, so that neighbours are far apart in the embedding.
fn fixed(piece: &[u8], vocabulary: u32) -> i32 {
    let hash =
        piece.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    i32::try_from(hash % vocabulary.max(1)).unwrap_or(0)
}

/// The folder's chat template, if it has one that can be read.
pub(super) fn chat_template(folder: &Path) -> Option<ChatTemplate> {
    let text = plain_text::read(&folder.join("tokenizer_config.json"), MAX_CONFIG).ok()?;
    let config: Config = serde_json::from_str(&text).ok()?;
    let source = match config.chat_template? {
        Template::One(source) => source,
        Template::Several(list) => list.into_iter().next()?.template,
    };
    let text = |special: Option<Special>| special.map(Special::text).unwrap_or_default();
    let others = [("pad_token", text(config.pad_token)), ("unk_token", text(config.unk_token))];
    Some(ChatTemplate {
        source,
        bos_token: text(config.bos_token),
        eos_token: text(config.eos_token),
        others: others.map(|(name, text)| (name.to_owned(), text)).to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fixed_ids_stay_in_the_vocabulary(text in "\\PC{0,40}", vocabulary in 0u32..60_000) {
            let tokens = Tokens::Fixed { vocabulary }.encode(&text, true, false);
            prop_assert_eq!(tokens.len(), text.len().div_ceil(BYTES_PER_TOKEN));
            prop_assert!(tokens.iter().all(|id| u32::try_from(*id).is_ok_and(|id| id < vocabulary.max(1))));
        }
    }

    #[test]
    fn a_template_is_found_in_either_form() {
        let folder = tempfile::tempdir().unwrap();
        assert!(chat_template(folder.path()).is_none());
        for text in [
            r#"{"chat_template": "{{ x }}", "bos_token": "<s>", "eos_token": {"content": "</s>"}}"#,
            r#"{"chat_template": [{"name": "default", "template": "{{ x }}"}], "bos_token": "<s>", "eos_token": "</s>"}"#,
        ] {
            std::fs::write(folder.path().join("tokenizer_config.json"), text).unwrap();
            let found = chat_template(folder.path()).unwrap();
            assert_eq!((&*found.source, &*found.bos_token, &*found.eos_token), ("{{ x }}", "<s>", "</s>"));
        }
    }

    #[test]
    fn a_tokenizer_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tokenizer.json"), "{").unwrap();
        let error = Tokens::open(folder.path(), 10).err().unwrap();
        assert!(error.message.contains("tokenizer.json"), "{}", error.message);
    }
}
