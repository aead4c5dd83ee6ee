//! Lists as typed on the command line: models, chunks, prompt lengths.

use slm_models::{FileType, Shape, UnknownWeightType, WeightType, WeightTypes};
use std::{collections::BTreeSet, path::Path, str::FromStr};

/// The most chunks a document is cut into (SlimLM paper, section 2.1).
pub(super) const MAX_CHUNKS: u8 = 5;

/// Longest prompt that `--prompt-tokens` takes; far beyond any phone's patience.
const MAX_PROMPT_TOKENS: u32 = 131_072;

/// Context lengths to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextLengths {
    /// Chunks of a document, 0 to 5, ascending.
    Chunks(Vec<u8>),
    /// Exact prompt lengths in tokens, ascending.
    Tokens(Vec<u32>),
}

/// Parses `0-5`, `0,2,4` or `0-2,5`.
pub(super) fn parse_chunks(text: &str) -> Result<Vec<u8>, String> {
    let mut chunks = BTreeSet::new();
    for part in text.split(',').map(str::trim) {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| {
            let number = text.trim().parse::<u8>().ok().filter(|&n| n <= MAX_CHUNKS);
            number.ok_or_else(|| {
                format!("'{part}' is not a number of chunks: give 0 to {MAX_CHUNKS}, such as 0-5 or 0,2,4")
            })
        };
        let (low, high) = (number(low)?, number(high)?);
        if low > high {
            return Err(format!("'{part}' runs backwards; write {high}-{low}"));
        }
        chunks.extend(low..=high);
    }
    Ok(chunks.into_iter().collect())
}

/// Parses `50,200,800`.
pub(super) fn parse_prompt_tokens(text: &str) -> Result<Vec<u32>, String> {
    let mut lengths = BTreeSet::new();
    for part in text.split(',').map(str::trim) {
        let length = part.parse::<u32>().ok().filter(|n| (1..=MAX_PROMPT_TOKENS).contains(n));
        lengths.insert(length.ok_or_else(|| {
            format!(
                "'{part}' is not a prompt length: give 1 to {MAX_PROMPT_TOKENS} tokens, such as 50,200,800"
            )
        })?);
    }
    Ok(lengths.into_iter().collect())
}

/// Devices as typed, in order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceList {
    /// These.
    Named(Vec<String>),
    /// Every phone that is attached.
    All,
}

/// Parses `s24`, `s24,pixel-8` or `all`.
pub(super) fn parse_devices(text: &str) -> Result<DeviceList, String> {
    if text.trim() == "all" {
        return Ok(DeviceList::All);
    }
    let mut names: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim) {
        match name {
            "" => {
                return Err("a device has no name: give one, several with commas between them, or all".into());
            }
            "all" => return Err("all stands alone: it names every phone that is attached".into()),
            _ if names.iter().any(|known| known == name) => return Err(format!("'{name}' is there twice")),
            _ => names.push(name.to_owned()),
        }
    }
    Ok(DeviceList::Named(names))
}

/// Quantisations as typed, in order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantList(pub Vec<FileType>);

/// Parses `f16,q8_0,q4_k_m`.
pub(super) fn parse_quants(text: &str) -> Result<QuantList, String> {
    let mut quants = Vec::new();
    for part in text.split(',') {
        let quant: FileType = part.trim().parse().map_err(|error| format!("{error}"))?;
        if !quants.contains(&quant) {
            quants.push(quant);
        }
    }
    Ok(QuantList(quants))
}

/// `--embd`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbdArg {
    /// What llama.cpp's quantiser gives the embeddings, and the output matrix.
    Auto,
    /// This type.
    Type(WeightType),
}

impl FromStr for EmbdArg {
    type Err = UnknownWeightType;

    fn from_str(text: &str) -> Result<Self, UnknownWeightType> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Type) }
    }
}

impl EmbdArg {
    /// The types of a synthetic model: a quantisation, with what `--embd` says of it.
    pub fn weight_types(embd: Option<Self>, quant: FileType, shape: &Shape) -> WeightTypes {
        match embd {
            None => WeightTypes::of(quant),
            Some(Self::Auto) => WeightTypes::as_quantized(quant, shape),
            Some(Self::Type(embeddings)) => WeightTypes::of(quant).with_embeddings(embeddings),
        }
    }
}

/// Models as typed, in order, each once: catalogue names, files, `shape:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelList(pub Vec<String>);

/// Splits at commas, but for those within a `shape:` (its parts are `key=value`)
/// and those in the name of an existing file.
pub(super) fn parse_models(text: &str) -> Result<ModelList, String> {
    if Path::new(text).is_file() {
        return Ok(ModelList(vec![text.to_owned()]));
    }
    let mut models: Vec<String> = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        match models.last_mut() {
            Some(shape) if shape.starts_with("shape:") && is_key_value(part) => {
                shape.push(',');
                shape.push_str(part);
            }
            _ if part.is_empty() => return Err("an empty model name; give names separated by commas".into()),
            _ => models.push(part.to_owned()),
        }
    }
    Ok(ModelList(models))
}

fn is_key_value(part: &str) -> bool {
    part.split_once('=')
        .is_some_and(|(key, _)| !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chunks_are_ranges_and_lists() {
        assert_eq!(parse_chunks("0-5").unwrap(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(parse_chunks("4, 0-2,1").unwrap(), [0, 1, 2, 4]);
        for bad in ["9", "", "0-9", "a", "3-1", "-1", "0,,2"] {
            assert!(parse_chunks(bad).is_err(), "{bad}");
        }
        assert!(parse_chunks("9").unwrap_err().contains("0 to 5"));
    }

    #[test]
    fn prompt_lengths_are_positive() {
        assert_eq!(parse_prompt_tokens("800,50").unwrap(), [50, 800]);
        for bad in ["0", "", "50,", "1e3", "-4", "99999999"] {
            assert!(parse_prompt_tokens(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_shape_keeps_its_commas() {
        let list = parse_models("slimlm-125m,shape:arch=mpt,layers=16,d_model=1024,./my.gguf").unwrap();
        assert_eq!(list.0, ["slimlm-125m", "shape:arch=mpt,layers=16,d_model=1024", "./my.gguf"]);
    }

    #[test]
    fn quantisations_are_each_taken_once() {
        let list = parse_quants("f16, Q8_0,q4_k_m,f16").unwrap();
        assert_eq!(list.0, [FileType::F16, FileType::Q8_0, FileType::Q4KM]);
        for bad in ["", "q4", "f16,", "q4_k"] {
            assert!(parse_quants(bad).unwrap_err().contains("q5_k_m"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(text in ".*") {
            let _ = parse_chunks(&text);
            let _ = parse_prompt_tokens(&text);
            let _ = parse_models(&text);
            let _ = parse_quants(&text);
        }
    }
}
