//! How a tokenizer splits texts, told from the structure of `tokenizer.json`. A
//! structure that is not one of these is refused: a wrong guess gives other ids
//! for some texts only.

use serde_json::{Value, json};

use crate::error::{Result, refuse};

/// A kind of tokenizer that llama.cpp has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// BPE over bytes; texts are split by a pattern first.
    Bytes {
        /// llama.cpp's name of the pattern.
        pre: &'static str,
        /// Texts are brought to NFC first.
        nfc: bool,
    },
    /// BPE over characters with `▁` for spaces, as `SentencePiece` does it.
    Pieces {
        /// Where a space is put before a text.
        prefix: Prefix,
    },
}

/// Where a space is put before a text. A stretch is what is between two added tokens, or
/// before the first or after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    /// Nowhere.
    None,
    /// Before every stretch: llama.cpp does it.
    Stretches,
    /// At the start, but for texts that begin with a space or an added token.
    Start,
    /// Before every stretch that does not begin with a space.
    BareStretches,
}

/// Patterns of Llama 3, Qwen 2 and GPT-4o, as their tokenizers give them, and
/// llama.cpp's name for each.
const PATTERNS: [(&str, &str); 3] = [
    (
        "llama-bpe",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    (
        "qwen2",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    (
        "gpt-4o",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
];

/// Patterns with which llama.cpp takes a word that is a token as it is, without merging.
const WHOLE_WORDS: [&str; 1] = ["llama-bpe"];

pub(super) fn identify(json: &Value) -> Result<Kind> {
    let model = &json["model"];
    match model["type"].as_str() {
        Some("BPE") | None => {}
        Some(other) => return refuse(format!("tokenizer.json: model {other:?} is not supported (BPE is)")),
    }
    for (field, absent) in [("dropout", json!(0.0)), ("unk_token", Value::Null)] {
        // With byte fallback an unknown token never comes out.
        let harmless = field == "unk_token" && model["byte_fallback"] == true;
        if !model[field].is_null() && model[field] != absent && !harmless {
            return refuse(format!("tokenizer.json: model.{field}={} is not supported", model[field]));
        }
    }
    for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
        if model[field].as_str().is_some_and(|text| !text.is_empty()) {
            return refuse(format!("tokenizer.json: model.{field} is not supported"));
        }
    }
    if model["byte_fallback"] == true {
        return pieces(json);
    }
    let pre = pattern(&json["pre_tokenizer"])?;
    let ignores_merges = model["ignore_merges"] == true;
    if ignores_merges != WHOLE_WORDS.contains(&pre) {
        return refuse(format!(
            "tokenizer.json: ignore_merges={ignores_merges} with the pattern {pre}, which llama.cpp does the other way"
        ));
    }
    Ok(Kind::Bytes { pre, nfc: nfc(&json["normalizer"])? })
}

fn nfc(normalizer: &Value) -> Result<bool> {
    match normalizer["type"].as_str() {
        None if normalizer.is_null() => Ok(false),
        Some("NFC") => Ok(true),
        Some("Sequence") => match normalizer["normalizers"].as_array().map(Vec::as_slice) {
            Some([]) => Ok(false),
            Some([only]) => nfc(only),
            _ => refuse("tokenizer.json: a sequence of normalizers is not supported (NFC is)"),
        },
        other => refuse(format!("tokenizer.json: normalizer {other:?} is not supported (NFC is)")),
    }
}

/// llama.cpp's name for a pre-tokenizer.
fn pattern(pre_tokenizer: &Value) -> Result<&'static str> {
    let parts: Vec<&Value> = match pre_tokenizer["pretokenizers"].as_array() {
        Some(parts) if pre_tokenizer["type"] == "Sequence" => parts.iter().collect(),
        _ => vec![pre_tokenizer],
    };
    let bytes = |part: &Value, with_pattern: bool| {
        let has_pattern = part["use_regex"].as_bool().unwrap_or(true);
        part["type"] == "ByteLevel" && part["add_prefix_space"] == false && has_pattern == with_pattern
    };
    let found = match parts.as_slice() {
        [only] if bytes(only, true) => Some("gpt-2"),
        [digits, last]
            if digits["type"] == "Digits" && digits["individual_digits"] == true && bytes(last, true) =>
        {
            Some("smollm")
        }
        [split, last] if split["type"] == "Split" && bytes(last, false) => {
            let whole = split["behavior"] == "Isolated" && split["invert"] == false;
            let regex = split["pattern"]["Regex"].as_str();
            PATTERNS.iter().find(|(_, pattern)| whole && regex == Some(pattern)).map(|(name, _)| *name)
        }
        _ => None,
    };
    match found {
        Some(name) => Ok(name),
        None => refuse(format!(
            "tokenizer.json: this pre-tokenizer is not known (gpt-2, smollm, llama-bpe, qwen2, gpt-4o are): {pre_tokenizer}"
        )),
    }
}

/// The forms of `SentencePiece`: Llama 2's (normalizers that put a space before a text),
/// Gemma's (none is put there), and `Metaspace`.
fn pieces(json: &Value) -> Result<Kind> {
    if json["model"]["ignore_merges"] == true {
        return refuse("tokenizer.json: ignore_merges is not supported with byte_fallback");
    }
    let spaces = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
    let prepend = json!({"type": "Prepend", "prepend": "▁"});
    let normalizer = &json["normalizer"];
    let steps = match normalizer["normalizers"].as_array() {
        Some(steps) if normalizer["type"] == "Sequence" => steps.as_slice(),
        _ if normalizer.is_null() => &[],
        _ => std::slice::from_ref(normalizer),
    };
    let pre = &json["pre_tokenizer"];
    let prefix = match steps {
        [] if pre["type"] == "Metaspace" => return metaspace(pre).map(|prefix| Kind::Pieces { prefix }),
        [only] if *only == spaces => Prefix::None,
        [first, last] if *first == prepend && *last == spaces => Prefix::Stretches,
        _ => {
            return refuse(format!(
                "tokenizer.json: this normalizer is not supported with byte_fallback (Prepend and Replace, or \
                 Metaspace in their stead, are): {normalizer}"
            ));
        }
    };
    // After the normalizer there are no spaces left to split at.
    let idle = pre["type"] == "Split" && pre["pattern"] == json!({"String": " "});
    if !pre.is_null() && !idle {
        return refuse(format!(
            "tokenizer.json: this pre-tokenizer is not supported with byte_fallback and a normalizer: {pre}"
        ));
    }
    Ok(Kind::Pieces { prefix })
}

fn metaspace(pre: &Value) -> Result<Prefix> {
    if pre["replacement"] != "▁" || pre["split"] != false {
        return refuse(format!(
            "tokenizer.json: Metaspace with another replacement than ▁ or without split=false is not supported, \
             since llama.cpp merges across words: {pre}"
        ));
    }
    // `add_prefix_space` is its older name.
    match (pre["prepend_scheme"].as_str(), pre["add_prefix_space"].as_bool()) {
        (Some("never"), _) | (None, Some(false)) => Ok(Prefix::None),
        (Some("first"), None | Some(true)) => Ok(Prefix::Start),
        (Some("always"), None | Some(true)) | (None, Some(true)) => Ok(Prefix::BareStretches),
        _ => refuse(format!("tokenizer.json: this Metaspace is not supported: {pre}")),
    }
}
