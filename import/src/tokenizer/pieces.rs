//! Merges by rank as scores of tokens.
//!
//! llama.cpp merges the two neighbours whose union has the highest score, whatever
//! two they are; BPE merges the pair of the lowest rank. Both do the same when every
//! way to put a token together is a merge and all merges that make one token stand
//! together, as in vocabularies that were converted from `SentencePiece`.

use std::collections::{HashMap, HashSet};

use crate::error::{Result, refuse};

/// The score of each token: minus the first rank of its merges.
pub(super) fn scores(merges: &[(&str, &str)], tokens: &[String], normal: &[bool]) -> Result<Vec<f32>> {
    let mut groups: HashMap<String, u32> = HashMap::new();
    let mut current: Option<String> = None;
    for (left, right) in merges {
        let joined = format!("{left}{right}");
        if current.as_ref() == Some(&joined) {
            continue;
        }
        let rank = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        if groups.insert(joined.clone(), rank).is_some() {
            return refuse(format!(
                "tokenizer.json: merges that make {joined:?} do not stand together; this BPE has no scores"
            ));
        }
        current = Some(joined);
    }
    check_complete(merges, tokens, normal)?;
    let score = |token: &String| groups.get(token).map_or(0.0, |rank| -(*rank as f32) - 1.0);
    Ok(tokens.iter().map(score).collect())
}

/// Every way to put a token together from two others must be a merge.
fn check_complete(merges: &[(&str, &str)], tokens: &[String], normal: &[bool]) -> Result<()> {
    let listed: HashSet<(&str, &str)> = merges.iter().copied().collect();
    let normal = tokens.iter().zip(normal).filter(|(_, normal)| **normal);
    let known: HashSet<&str> = normal.map(|(token, _)| token.as_str()).collect();
    for token in &known {
        // Quadratic in its length; real tokens have a few dozen bytes.
        if token.len() > 512 {
            return refuse(format!("tokenizer.json: a token of {} bytes", token.len()));
        }
        let splits = token.char_indices().skip(1).map(|(at, _)| token.split_at(at));
        for (left, right) in splits {
            if known.contains(left) && known.contains(right) && !listed.contains(&(left, right)) {
                return refuse(format!(
                    "tokenizer.json: {left:?} and {right:?} make a token but are no merge; \
                     this BPE is none of SentencePiece's"
                ));
            }
        }
    }
    Ok(())
}

/// The byte that a token such as `<0x0A>` stands for.
pub(super) fn byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() == 2 { u8::from_str_radix(digits, 16).ok() } else { None }
}
