//! `tokenizer.json` as the file's vocabulary. Only tokenizers whose every part is
//! known are taken; whether llama.cpp then gives the same ids is checked on the
//! finished file (see `check`).

mod pieces;
mod special;
mod structure;
mod vocabulary;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slm_models::HeaderWriter;

use crate::error::{Result, refuse, refused};
use crate::source;
use special::Specials;
use structure::Kind;
use vocabulary::Vocabulary;

/// Metadata key of ours: what a text goes through before the engine's tokenizer.
const NORMALIZER_KEY: &str = "slm_bench.tokenizer.normalizer";

/// A tokenizer, ready to be written.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    kind: Kind,
    vocabulary: Vocabulary,
    specials: Specials,
    template: Option<String>,
    /// `tokenizer.json` without what does not change ids of texts.
    reference: Value,
    pub(crate) files: Vec<PathBuf>,
}

impl Tokenizer {
    /// Reads `tokenizer.json` and what belongs to it from `folder`. `rows`: of the
    /// embedding matrix; `config`: the model's, for ids that the tokenizer does not tell.
    pub(crate) fn read(folder: &Path, rows: u32, config: &Value) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        let Some(json) = source::json(&path)? else {
            return refuse(format!(
                "{} is not there; give the folder that has it with --tokenizer (SlimLM's is that of \
                 EleutherAI/gpt-neox-20b)",
                path.display()
            ));
        };
        let settings_path = folder.join("tokenizer_config.json");
        let settings = source::json(&settings_path)?.unwrap_or(Value::Null);
        let kind = structure::identify(&json)?;
        let vocabulary = vocabulary::read(&json, rows, &kind)?;
        let specials = special::read(&json, &settings, config, &vocabulary)?;
        let template = template(folder, &settings)?;
        let mut reference = json;
        for part in ["post_processor", "decoder", "truncation", "padding"] {
            reference[part] = Value::Null;
        }
        let names = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];
        let files = names.iter().map(|name| folder.join(name)).filter(|path| path.exists()).collect();
        Ok(Self { kind, vocabulary, specials, template, reference, files })
    }

    /// Adds the vocabulary to a header.
    pub(crate) fn write(&self, out: &mut HeaderWriter) {
        match &self.kind {
            Kind::Bytes { pre, nfc, .. } => {
                out.str("tokenizer.ggml.model", "gpt2");
                out.str("tokenizer.ggml.pre", pre);
                if *nfc {
                    out.str(NORMALIZER_KEY, "nfc");
                }
            }
            Kind::Pieces { space_prefix } => {
                out.str("tokenizer.ggml.model", "llama");
                out.str("tokenizer.ggml.pre", "default");
                out.bool("tokenizer.ggml.add_space_prefix", *space_prefix);
            }
        }
        out.strs("tokenizer.ggml.tokens", &self.vocabulary.tokens);
        out.i32s("tokenizer.ggml.token_type", &self.vocabulary.types);
        match &self.vocabulary.scores {
            Some(scores) => out.f32s("tokenizer.ggml.scores", scores),
            None => out.strs("tokenizer.ggml.merges", &self.vocabulary.merges),
        }
        self.specials.write(out);
        if let Some(template) = &self.template {
            out.str("tokenizer.chat_template", template);
        }
    }

    /// The name of the way texts are split, for people.
    pub(crate) fn description(&self) -> String {
        match &self.kind {
            Kind::Bytes { pre, nfc: true, .. } => format!("byte-level BPE, {pre}, texts in NFC"),
            Kind::Bytes { pre, .. } => format!("byte-level BPE, {pre}"),
            Kind::Pieces { .. } => "SentencePiece BPE".to_owned(),
        }
    }

    /// The same tokenizer in the library that the checkpoint was made for.
    pub(crate) fn reference(&self) -> Result<tokenizers::Tokenizer> {
        let refused = |error: String| refused(format!("tokenizer.json: {error}"));
        let text = serde_json::to_vec(&self.reference).map_err(|error| refused(error.to_string()))?;
        tokenizers::Tokenizer::from_bytes(text).map_err(|error| refused(error.to_string()))
    }

    /// Contents of the added tokens.
    pub(crate) fn added(&self) -> &[String] {
        &self.vocabulary.added
    }
}

/// The chat template: in a file of its own, or in the settings (one, or the one that
/// is called `default`).
fn template(folder: &Path, settings: &Value) -> Result<Option<String>> {
    if let Some(bytes) = source::bytes(&folder.join("chat_template.jinja"))? {
        let text = String::from_utf8(bytes);
        return text.map(Some).map_err(|_| refused("chat_template.jinja is no UTF-8 text"));
    }
    let template = &settings["chat_template"];
    let named = template.as_array().into_iter().flatten().find(|entry| entry["name"] == "default");
    Ok(template.as_str().or_else(|| named?["template"].as_str()).map(str::to_owned))
}

/// Ids by token.
type Ids<'a> = HashMap<&'a str, u32>;

#[cfg(test)]
mod tests;
