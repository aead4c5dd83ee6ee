//! `tokenizer.json` as the file's vocabulary. Only tokenizers whose every part is
//! known are taken; whether llama.cpp then gives the same ids is checked on the
//! finished file (see `check`).

mod added;
mod pieces;
mod runs;
mod special;
mod structure;
mod token_type;
mod vocabulary;

use std::path::{Path, PathBuf};

use serde_json::Value;
use slm_models::HeaderWriter;

use crate::error::{Result, advise, refused};
use crate::source;
use special::Specials;
use structure::{Kind, Prefix};
use vocabulary::{LeftOut, Vocabulary};

/// Metadata keys of ours: what a text goes through before the engine's tokenizer, in words,
/// and the tokens that swallow the white space after them, as JSON.
const NORMALIZER_KEY: &str = "slm_bench.tokenizer.normalizer";
const STRIPS_KEY: &str = "slm_bench.tokenizer.strips";

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
            return advise(format!(
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
        let in_template =
            |token: &&LeftOut| template.as_ref().is_some_and(|text| text.contains(&token.token));
        if let Some(LeftOut { token, id }) = vocabulary.left_out.iter().find(in_template) {
            return advise(format!(
                "tokenizer.json: token {token:?} has id {id}, but the embedding has {rows} rows, and the chat template \
                 uses it; give the tokenizer of this very checkpoint with --tokenizer"
            ));
        }
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
            Kind::Bytes { pre, .. } => {
                out.str("tokenizer.ggml.model", "gpt2");
                out.str("tokenizer.ggml.pre", pre);
            }
            Kind::Pieces { prefix } => {
                out.str("tokenizer.ggml.model", "llama");
                out.str("tokenizer.ggml.pre", "default");
                out.bool("tokenizer.ggml.add_space_prefix", *prefix == Prefix::Stretches);
            }
        }
        let words = self.normalizer();
        if !words.is_empty() {
            out.str(NORMALIZER_KEY, &words.join(" "));
        }
        if !self.vocabulary.strips.is_empty() {
            out.str(STRIPS_KEY, &serde_json::json!(self.vocabulary.strips).to_string());
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

    /// What the agent does to texts since the engine does not, in the order in which it is
    /// done. An agent that does not know a word refuses the file.
    fn normalizer(&self) -> Vec<&'static str> {
        let strips = (!self.vocabulary.strips.is_empty()).then_some("strip");
        let own = match self.kind {
            Kind::Bytes { nfc: true, .. } => Some("nfc"),
            Kind::Pieces { prefix: Prefix::Start } => Some("prefix-start"),
            Kind::Pieces { prefix: Prefix::BareStretches } => Some("prefix-stretches"),
            Kind::Bytes { .. } | Kind::Pieces { .. } => None,
        };
        strips.into_iter().chain(own).collect()
    }

    /// The name of the way texts are split, for people.
    pub(crate) fn description(&self) -> String {
        let mut text = match &self.kind {
            Kind::Bytes { pre, .. } => format!("byte-level BPE, {pre}"),
            Kind::Pieces { .. } => "SentencePiece BPE".to_owned(),
        };
        for word in self.normalizer() {
            text.push_str(match word {
                "nfc" => ", texts in NFC",
                "strip" => ", no space after some special tokens",
                _ => ", the space before a text put by bench",
            });
        }
        text
    }

    /// The same tokenizer in the library that the checkpoint was made for.
    pub(crate) fn reference(&self) -> Result<tokenizers::Tokenizer> {
        let refused = |error: String| refused(format!("tokenizer.json: {error}"));
        let text = serde_json::to_vec(&self.reference).map_err(|error| refused(error.to_string()))?;
        tokenizers::Tokenizer::from_bytes(text).map_err(|error| refused(error.to_string()))
    }

    /// What a user should know: tokens that were left out.
    pub(crate) fn notes(&self) -> Option<String> {
        let left_out = &self.vocabulary.left_out;
        let LeftOut { token, id } = left_out.first()?;
        let others = match left_out.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(format!(
            "token {token:?} (id {id}){others} left out: beyond the {} rows of the embedding, and no text comes to it",
            self.vocabulary.tokens.len()
        ))
    }

    /// Contents of the added tokens.
    pub(crate) fn added(&self) -> &[String] {
        &self.vocabulary.added
    }

    /// The texts that normal tokens stand for; none of byte-level BPE.
    pub(crate) fn pieces(&self) -> Vec<String> {
        match self.kind {
            Kind::Bytes { .. } => Vec::new(),
            Kind::Pieces { .. } => self.vocabulary.normal().map(|token| token.replace('▁', " ")).collect(),
        }
    }
}

/// The chat template: in a file of its own, or in the settings (one, or the one that
/// is called `default`).
fn template(folder: &Path, settings: &Value) -> Result<Option<String>> {
    if let Some(text) = source::text(&folder.join("chat_template.jinja"))? {
        return Ok(Some(text));
    }
    let template = &settings["chat_template"];
    let named = template.as_array().into_iter().flatten().find(|entry| entry["name"] == "default");
    Ok(template.as_str().or_else(|| named?["template"].as_str()).map(str::to_owned))
}

#[cfg(test)]
mod tests;
