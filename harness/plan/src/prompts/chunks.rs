//! Cutting a document as the paper does: tokenised with tiktoken (GPT-3.5-turbo's
//! encoding), cut to 1,000 tokens, five chunks of at most 200.

use tiktoken_rs::cl100k_base_singleton;

/// Tokens per chunk (SlimLM paper, section 2.1).
pub(super) const CHUNK_TOKENS: u16 = 200;

/// Tokens of a text by tiktoken's `cl100k_base`: the nominal count.
pub(super) fn count(text: &str) -> u32 {
    u32::try_from(cl100k_base_singleton().count_ordinary(text)).unwrap_or(u32::MAX)
}

/// The first `chunks` chunks of a document as one text. A character that the
/// cut would split is left out.
pub(super) fn first_chunks(document: &str, chunks: u8) -> String {
    let bpe = cl100k_base_singleton();
    let mut tokens = bpe.encode_ordinary(document);
    tokens.truncate(usize::from(CHUNK_TOKENS) * usize::from(chunks));
    let bytes = bpe.decode_bytes(&tokens).unwrap_or_default();
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::PromptSet;

    #[test]
    fn chunks_of_the_documents_have_200_tokens_each() {
        for document in PromptSet::builtin().documents {
            let tokens = count(&document);
            assert!((1000..=1400).contains(&tokens), "{tokens}");
            for chunks in 1..=5u8 {
                let text = first_chunks(&document, chunks);
                let expected = u32::from(CHUNK_TOKENS) * u32::from(chunks);
                assert!(document.starts_with(&text));
                assert!(count(&text).abs_diff(expected) <= 1, "{chunks} chunks: {}", count(&text));
            }
        }
    }

    #[test]
    fn a_split_character_is_left_out() {
        let text = "日本語の文章".repeat(200);
        let cut = first_chunks(&text, 1);
        assert!(text.starts_with(&cut) && !cut.is_empty());
    }
}
