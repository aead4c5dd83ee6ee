//! Tokens that begin and end texts, and whether they are put there unasked.

use serde_json::Value;
use slm_models::HeaderWriter;

use super::vocabulary::Vocabulary;
use crate::error::{Result, advise, refuse, refused};

/// Ids of special tokens, and what is added to every text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Specials {
    begin: Option<u32>,
    end: u32,
    unknown: Option<u32>,
    padding: Option<u32>,
    add_begin: bool,
    add_end: bool,
}

impl Specials {
    pub(super) fn write(&self, out: &mut HeaderWriter) {
        // Without them llama.cpp takes fixed numbers.
        out.u32("tokenizer.ggml.bos_token_id", self.begin.unwrap_or(self.end));
        out.u32("tokenizer.ggml.eos_token_id", self.end);
        if let Some(id) = self.unknown {
            out.u32("tokenizer.ggml.unknown_token_id", id);
        }
        if let Some(id) = self.padding {
            out.u32("tokenizer.ggml.padding_token_id", id);
        }
        out.bool("tokenizer.ggml.add_bos_token", self.add_begin);
        out.bool("tokenizer.ggml.add_eos_token", self.add_end);
    }
}

/// Classes of transformers that rewrite the post-processor by their settings.
const REWRITING: [&str; 4] = ["LlamaTokenizer", "LlamaTokenizerFast", "GemmaTokenizer", "GemmaTokenizerFast"];

pub(super) fn read(
    json: &Value,
    settings: &Value,
    config: &Value,
    vocabulary: &Vocabulary,
) -> Result<Specials> {
    let id = |kind: &str| -> Result<Option<u32>> {
        let setting = &settings[format!("{kind}_token")];
        if let Some(token) = setting.as_str().or_else(|| setting["content"].as_str()) {
            let missing =
                || refused(format!("tokenizer_config.json: {kind}_token {token:?} is not in the vocabulary"));
            return match vocabulary.id(token) {
                None if vocabulary.left_out.iter().any(|left| left.token == token) && kind == "pad" => {
                    Ok(None)
                }
                found => found.map(Some).ok_or_else(missing),
            };
        }
        let number = &config[format!("{kind}_token_id")];
        let number = number.as_u64().or_else(|| number[0].as_u64());
        match number
            .map(|number| u32::try_from(number).ok().filter(|id| (*id as usize) < vocabulary.tokens.len()))
        {
            None => Ok(None),
            Some(Some(id)) => Ok(Some(id)),
            // Nothing is padded here.
            Some(None) if kind == "pad" => Ok(None),
            Some(None) => advise(format!(
                "config.json: {kind}_token_id is beyond the vocabulary; give the tokenizer of this very checkpoint \
                 with --tokenizer"
            )),
        }
    };
    let Some(end) = id("eos")? else {
        return refuse(
            "neither tokenizer_config.json nor config.json tells the end-of-text token (eos_token)",
        );
    };
    let (mut first, mut last) = added_around(&json["post_processor"])?;
    let mut begin = id("bos")?;
    let rewrites = settings["tokenizer_class"].as_str().is_some_and(|class| REWRITING.contains(&class));
    let mut add_begin = first.is_some();
    if let (true, Some(add)) = (rewrites, settings["add_bos_token"].as_bool()) {
        add_begin = add;
        first = None;
    }
    let mut add_end = last.is_some();
    if let (true, Some(add)) = (rewrites, settings["add_eos_token"].as_bool()) {
        add_end = add;
        last = None;
    }
    if let Some(token) = first {
        begin = Some(vocabulary.id(token).ok_or_else(|| {
            refused(format!("tokenizer.json: post_processor names {token:?}, which is not in the vocabulary"))
        })?);
    }
    if add_begin && begin.is_none() {
        return refuse("a begin-of-text token is to be added, but none is named (bos_token)");
    }
    if last.is_some_and(|token| vocabulary.id(token) != Some(end)) {
        return refuse("tokenizer.json: post_processor adds another token than eos_token at the end");
    }
    // llama.cpp takes token 0 where none is told.
    let own_unknown = || json["model"]["unk_token"].as_str().and_then(|token| vocabulary.id(token));
    let unknown = id("unk")?.or_else(own_unknown);
    Ok(Specials { begin, end, unknown, padding: id("pad")?, add_begin, add_end })
}

/// The tokens that a post-processor puts before and after a text.
fn added_around(processor: &Value) -> Result<(Option<&str>, Option<&str>)> {
    match processor["type"].as_str() {
        None if processor.is_null() => Ok((None, None)),
        Some("ByteLevel") => Ok((None, None)),
        Some("Sequence") => {
            let mut around = (None, None);
            for part in processor["processors"].as_array().into_iter().flatten() {
                if part["type"] == "Sequence" {
                    return refuse("tokenizer.json: nested sequences in post_processor");
                }
                let (first, last) = added_around(part)?;
                around = (first.or(around.0), last.or(around.1));
            }
            Ok(around)
        }
        Some("TemplateProcessing") => {
            let parts = processor["single"].as_array().map_or(&[][..], Vec::as_slice);
            let is_text = |part: &Value| part["Sequence"].is_object();
            let name = |part: &Value| part["SpecialToken"]["id"].is_string();
            match parts {
                [text] if is_text(text) => Ok((None, None)),
                [first, text] if name(first) && is_text(text) => {
                    Ok((first["SpecialToken"]["id"].as_str(), None))
                }
                [text, last] if is_text(text) && name(last) => {
                    Ok((None, last["SpecialToken"]["id"].as_str()))
                }
                [first, text, last] if name(first) && is_text(text) && name(last) => {
                    Ok((first["SpecialToken"]["id"].as_str(), last["SpecialToken"]["id"].as_str()))
                }
                _ => refuse("tokenizer.json: post_processor adds more than one token before or after a text"),
            }
        }
        other => refuse(format!("tokenizer.json: post_processor {other:?} is not supported")),
    }
}
