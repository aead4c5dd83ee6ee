//! The vocabulary of made models: GPT-2's byte-level BPE, cut or padded to size.
//!
//! `tiktoken-rs` carries GPT-2's tokens in the order of their ranks, but not its
//! merges. They follow from the ranks: a token is made by the last of the merges
//! that its own bytes go through, so splitting each token with the merges of lower
//! rank until two parts are left gives its merge.

use std::collections::HashMap;

/// llama.cpp's token types, as stored in GGUF files.
mod token_type {
    pub(super) const NORMAL: i32 = 1;
    pub(super) const CONTROL: i32 = 3;
    pub(super) const UNUSED: i32 = 5;
}

/// Ordinary tokens of GPT-2.
const GPT2_TOKENS: u32 = 50_256;
/// Its end-of-text token.
const END_OF_TEXT: &str = "<|endoftext|>";

/// Tokens, their types and merges, as GGUF stores them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// Tokens by id, bytes written as GPT-2's printable characters.
    pub tokens: Vec<String>,
    /// Type of each token: 1 normal, 3 control, 5 unused.
    pub types: Vec<i32>,
    /// Merges by rank: two tokens separated by a space.
    pub merges: Vec<String>,
    /// Id of the end-of-text token, which is also the beginning-of-text token.
    pub end_of_text: u32,
}

impl Vocabulary {
    /// GPT-2's vocabulary in `size` tokens: with fewer than 50,257 the rarest tokens
    /// are left out (their text is spelled with shorter ones), with more there are
    /// unused tokens at the end, as in padded models. `size` is at least 257.
    pub fn gpt2(size: u32) -> Self {
        let ordinary = GPT2_TOKENS.min(size.max(257) - 1);
        let bytes = token_bytes(ordinary);
        let alphabet = printable_bytes();
        let spell =
            |bytes: &[u8]| -> String { bytes.iter().map(|byte| alphabet[usize::from(*byte)]).collect() };

        let ranks: HashMap<&[u8], u32> =
            (0..).zip(&bytes).map(|(rank, token)| (token.as_slice(), rank)).collect();
        let mut merges = Vec::with_capacity(bytes.len());
        for (rank, token) in (0..).zip(&bytes) {
            if let Some(middle) = last_merge(token, rank, &ranks) {
                merges.push(format!("{} {}", spell(&token[..middle]), spell(&token[middle..])));
            }
        }

        let mut tokens: Vec<String> = bytes.iter().map(|token| spell(token)).collect();
        let mut types = vec![token_type::NORMAL; tokens.len()];
        tokens.push(END_OF_TEXT.to_owned());
        types.push(token_type::CONTROL);
        for index in 0..size.saturating_sub(ordinary + 1) {
            tokens.push(format!("<|unused_{index}|>"));
            types.push(token_type::UNUSED);
        }
        Self { tokens, types, merges, end_of_text: ordinary }
    }
}

/// Bytes of the first `count` tokens, by rank.
fn token_bytes(count: u32) -> Vec<Vec<u8>> {
    let bpe = tiktoken_rs::r50k_base_singleton();
    // Every rank below 50,256 has a token; a gap would be a fault of the crate's data.
    (0..count).map(|rank| bpe.decode_bytes(&[rank]).unwrap_or_default()).collect()
}

/// Where the last merge joins the two parts of `token`: the bytes are merged with
/// the tokens of rank below `own` (lowest first, as BPE does) until two parts are
/// left. `None` for single bytes, which no merge makes.
fn last_merge(token: &[u8], own: u32, ranks: &HashMap<&[u8], u32>) -> Option<usize> {
    if token.len() < 2 {
        return None;
    }
    // Part i is token[starts[i]..starts[i + 1]].
    let mut starts: Vec<usize> = (0..=token.len()).collect();
    let pair_rank = |starts: &[usize], index: usize| -> u32 {
        match starts.get(index + 2) {
            Some(end) => {
                ranks.get(&token[starts[index]..*end]).copied().filter(|rank| *rank < own).unwrap_or(u32::MAX)
            }
            None => u32::MAX,
        }
    };
    let mut pairs: Vec<u32> = (0..token.len() - 1).map(|index| pair_rank(&starts, index)).collect();
    while starts.len() > 3 {
        let (index, rank) = pairs.iter().copied().enumerate().min_by_key(|(_, rank)| *rank)?;
        if rank == u32::MAX {
            return None;
        }
        starts.remove(index + 1);
        pairs.remove(index);
        if index > 0 {
            pairs[index - 1] = pair_rank(&starts, index - 1);
        }
        if let Some(pair) = pairs.get_mut(index) {
            *pair = pair_rank(&starts, index);
        }
    }
    Some(starts[1])
}

/// GPT-2's printable character for each byte: printable Latin-1 stands for itself,
/// the others are numbered from U+0100 in order.
fn printable_bytes() -> [char; 256] {
    let mut alphabet = ['\0'; 256];
    let mut next = 0x100;
    for (byte, character) in (0_u8..=255).zip(&mut alphabet) {
        *character = match byte {
            33..=126 | 161..=172 | 174..=255 => char::from(byte),
            _ => {
                next += 1;
                char::from_u32(next - 1).unwrap_or('\0')
            }
        };
    }
    alphabet
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte-pair encoding driven by the merges alone, on tiktoken's words.
    fn encode(vocabulary: &Vocabulary, text: &str) -> Vec<u32> {
        let alphabet = printable_bytes();
        let ids: HashMap<&str, u32> =
            (0..).zip(&vocabulary.tokens).map(|(id, token)| (token.as_str(), id)).collect();
        let ranks: HashMap<&str, usize> =
            vocabulary.merges.iter().enumerate().map(|(rank, merge)| (merge.as_str(), rank)).collect();
        let mut parts: Vec<String> =
            text.bytes().map(|byte| alphabet[usize::from(byte)].to_string()).collect();
        loop {
            let best = parts
                .windows(2)
                .enumerate()
                .filter_map(|(at, pair)| {
                    ranks.get(format!("{} {}", pair[0], pair[1]).as_str()).map(|rank| (rank, at))
                })
                .min();
            let Some((_, at)) = best else { break };
            let right = parts.remove(at + 1);
            parts[at] += &right;
        }
        parts.iter().map(|part| ids[part.as_str()]).collect()
    }

    #[test]
    fn merges_are_those_of_gpt2() {
        let vocabulary = Vocabulary::gpt2(50_257);
        assert_eq!(vocabulary.merges.len(), 50_000);
        assert_eq!(vocabulary.merges[..5], ["Ġ t", "Ġ a", "h e", "i n", "r e"]);
        assert_eq!(vocabulary.tokens.len(), 50_257);
        assert_eq!(vocabulary.end_of_text, 50_256);
        assert_eq!(vocabulary.tokens[50_256], END_OF_TEXT);
        assert!(vocabulary.tokens.iter().all(|token| !token.is_empty()));
    }

    #[test]
    fn words_are_spelled_as_tiktoken_spells_them() {
        let vocabulary = Vocabulary::gpt2(50_368);
        let bpe = tiktoken_rs::r50k_base_singleton();
        assert_eq!(encode(&vocabulary, "Hello"), [15_496]);
        assert_eq!(encode(&vocabulary, " world"), [995]);
        // One word each, as the encoder above has no splitting of text into words.
        let words = "benchmarking internationalization antidisestablishmentarianism naïve Übergröße Донаудампфшифф \
                     東京特許許可局 مرحبا 🦀🦀🦀 zzzzzzzzzzzzzz 3141592653589793 ,.;:!?--... HTTPServerError";
        for word in words.split(' ') {
            for text in [word.to_owned(), format!(" {word}")] {
                // A text of several words in tiktoken's eyes is encoded word by word.
                let expected = bpe.encode_ordinary(&text);
                let pieces =
                    bpe.split_by_token_ordinary(&text).map(|pieces| pieces.len()).unwrap_or_default();
                assert!(pieces <= expected.len());
                assert_eq!(encode(&vocabulary, &text), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn sizes_are_met_by_cutting_and_padding() {
        let small = Vocabulary::gpt2(257);
        assert_eq!((small.tokens.len(), small.merges.len(), small.end_of_text), (257, 0, 256));
        let cut = Vocabulary::gpt2(1024);
        assert_eq!((cut.tokens.len(), cut.types.len(), cut.end_of_text), (1024, 1024, 1023));
        assert_eq!(cut.merges.len(), 1023 - 256);
        let padded = Vocabulary::gpt2(50_368);
        assert_eq!((padded.tokens.len(), padded.end_of_text), (50_368, 50_256));
        assert_eq!(padded.types[50_255..50_258], [1, 3, 5]);
        assert_eq!(padded.tokens[50_257], "<|unused_0|>");
        let unique: std::collections::HashSet<_> = padded.tokens.iter().collect();
        assert_eq!(unique.len(), padded.tokens.len());
    }
}
