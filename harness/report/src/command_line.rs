//! Command lines as text.

/// A command line, quoted for a shell.
pub(crate) fn quoted(words: &[String]) -> String {
    words.iter().map(|word| quoted_word(word)).collect::<Vec<_>>().join(" ")
}

fn quoted_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_quoted_for_a_shell() {
        let words = ["--chunks=0-5", "a b'c", ""].map(str::to_owned);
        assert_eq!(super::quoted(&words), "--chunks=0-5 'a b'\\''c' ''");
    }
}
