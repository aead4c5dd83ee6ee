//! SHA-256 as text: what lets two results be compared without their content.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Of a text's bytes.
pub(crate) fn text(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// Of a file.
#[cfg(feature = "mlc")]
pub(crate) fn file(path: &std::path::Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut Hashing(&mut hasher))?;
    Ok(hex(&hasher.finalize()))
}

#[cfg(feature = "mlc")]
struct Hashing<'a>(&'a mut Sha256);

#[cfg(feature = "mlc")]
impl std::io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Of token ids as little-endian 32-bit integers.
pub(crate) fn tokens(tokens: &[i32]) -> String {
    let mut hasher = Sha256::new();
    for token in tokens {
        hasher.update(token.to_le_bytes());
    }
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(text(""), empty);
        assert_eq!(tokens(&[]), empty);
        assert_eq!(tokens(&[0x6362_6100]), text("\0abc"));
    }
}
