//! A prompt that is ready to run.

use slm_models::digest::sha256_hex;
use slm_protocol::PromptReport;

/// A prompt ready to be run, or the reason why it cannot be.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What the engine is given.
    pub(crate) text: String,
    /// Whether the tokenizer adds the model's begin and end tokens.
    pub(crate) add_special: bool,
    /// Whether special tokens in the text count: in a template they do, in what
    /// a user wrote they do not.
    pub(crate) parse_special: bool,
    /// Tokens at most: counted, or bounded where the engine tokenizes within the trial.
    pub(crate) most_tokens: u32,
    /// What is reported to the host.
    pub(crate) report: PromptReport,
}

/// Context length for these prompts where the job gives none: the longest one with its
/// output, rounded up to 256. `None` when none of them can run.
pub(crate) fn context_length(prompts: &[Prepared], max_new_tokens: u32) -> Option<u32> {
    let longest = prompts.iter().filter(|p| p.report.unsupported.is_none()).map(|p| p.most_tokens).max()?;
    Some(longest.saturating_add(max_new_tokens).checked_next_multiple_of(256).unwrap_or(u32::MAX))
}

/// SHA-256 of token ids as little-endian 32-bit integers, in hexadecimal.
pub(crate) fn tokens_sha256(tokens: &[i32]) -> String {
    let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
    sha256_hex(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_hashed_as_little_endian_integers() {
        assert_eq!(tokens_sha256(&[0x6362_6100]), sha256_hex("\0abc"));
    }
}
