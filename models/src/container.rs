//! Files that are given for a GGUF file and are something else, told by how they begin.

use std::fmt;

use crate::plain_text;

/// Longest header of a safetensors file (the format's own limit).
const MAX_SAFETENSORS_HEADER: u64 = 100_000_000;

/// What a file is that is no GGUF file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    /// No bytes.
    Empty,
    /// Zeros where the header should be.
    Zeros,
    /// What Git LFS leaves in a file's place.
    LfsPointer,
    /// What Hugging Face's Xet leaves in a file's place.
    XetPointer,
    /// HTML or XML.
    WebPage,
    /// Other text; how it begins.
    Text(String),
    /// llama.cpp's formats before GGUF, by their name.
    OldGgml(&'static str),
    /// A state of llama.cpp that was saved.
    SavedState,
    /// An importance matrix in the format before GGUF.
    OldImatrix,
    /// Weights as safetensors.
    Safetensors,
    /// A pickle, or a ZIP archive as torch writes it.
    Torch,
    /// An archive or a compressed file, by its format.
    Archive(&'static str),
    /// A model for another engine, by its format.
    OtherEngine(&'static str),
    /// A program.
    Program,
}

/// First bytes and what they tell.
const SIGNATURES: [(&[u8], Container); 24] = [
    // The numbers `ggml`, `ggmf`, `ggjt`, `ggla`, `ggsn`, `ggsq` as little-endian machines write them.
    (b"lmgg", Container::OldGgml("GGML")),
    (b"fmgg", Container::OldGgml("GGMF")),
    (b"tjgg", Container::OldGgml("GGJT")),
    (b"algg", Container::OldGgml("GGLA (an adapter)")),
    (b"nsgg", Container::SavedState),
    (b"qsgg", Container::SavedState),
    (b"PK\x03\x04", Container::Torch),
    (b"PK\x05\x06", Container::Archive("ZIP")),
    (b"\x1f\x8b", Container::Archive("gzip")),
    (b"\xfd7zXZ\0", Container::Archive("xz")),
    (b"\x28\xb5\x2f\xfd", Container::Archive("zstd")),
    (b"BZh", Container::Archive("bzip2")),
    (b"7z\xbc\xaf\x27\x1c", Container::Archive("7z")),
    (b"Rar!", Container::Archive("RAR")),
    (b"\x04\x22\x4d\x18", Container::Archive("lz4")),
    (b"LITERTLM", Container::OtherEngine("LiteRT-LM")),
    (b"\x89HDF", Container::OtherEngine("HDF5 (Keras)")),
    (b"\x93NUMPY", Container::OtherEngine("NumPy")),
    (b"\x7fELF", Container::Program),
    (b"MZ", Container::Program),
    (b"#!", Container::Program),
    (b"\xcf\xfa\xed\xfe", Container::Program),
    (b"version https://git-lfs", Container::LfsPointer),
    (b"# xet version", Container::XetPointer),
];

impl Container {
    /// How much of a file's beginning is looked at, bytes.
    pub const LOOKED_AT: usize = 1024;

    /// What a file of `size` bytes is by its first ones, [`Self::LOOKED_AT`] of them;
    /// `None`: nothing that is known here.
    pub fn of(start: &[u8], size: u64) -> Option<Self> {
        if size == 0 {
            return Some(Self::Empty);
        }
        if start.iter().all(|byte| *byte == 0) {
            return Some(Self::Zeros);
        }
        let by_signature = SIGNATURES.iter().find(|(first, _)| start.starts_with(first));
        by_signature
            .map(|(_, container)| container.clone())
            .or_else(|| Self::by_structure(start, size))
            .or_else(|| Self::of_text(start, size))
    }

    fn by_structure(start: &[u8], size: u64) -> Option<Self> {
        let word = |at: usize| start.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        let number = |at: usize| word(at).map(u32::from_le_bytes);
        if start.get(4..8) == Some(b"TFL3") {
            return Some(Self::OtherEngine("TensorFlow Lite"));
        }
        if start.get(4..8).is_some_and(|mark| mark.starts_with(b"ET") && mark[2..].is_ascii()) {
            return Some(Self::OtherEngine("ExecuTorch"));
        }
        if start.get(257..262) == Some(b"ustar") {
            return Some(Self::Archive("tar"));
        }
        // The protocol of a pickle: 2 to 5.
        if matches!(start, [0x80, 2..=5, ..]) {
            return Some(Self::Torch);
        }
        // A protobuf with `ir_version` and the text `producer_name`: ONNX.
        if let [0x08, 3..=20, 0x12, length, text @ ..] = start
            && text.iter().take((*length).into()).all(u8::is_ascii_graphic)
        {
            return Some(Self::OtherEngine("ONNX"));
        }
        let header = start.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))?;
        if (2..=MAX_SAFETENSORS_HEADER.min(size)).contains(&header) && start.get(8) == Some(&b'{') {
            return Some(Self::Safetensors);
        }
        // Number of entries, then the length of the first name, and the name of a tensor.
        let length = usize::try_from(number(4)?).ok().filter(|length| (4..=63).contains(length))?;
        let name = start.get(8..8 + length)?;
        let is_tensor = name.starts_with(b"blk.") || name.ends_with(b".weight");
        (number(0)? < 1 << 16 && is_tensor).then_some(Self::OldImatrix)
    }

    fn of_text(start: &[u8], size: u64) -> Option<Self> {
        let is_whole = start.len() as u64 == size;
        // A character may be cut at the end of what was read.
        let cuts = if is_whole { 0 } else { 3 };
        let text =
            (0..=cuts).find_map(|cut| plain_text::decode(&start[..start.len().checked_sub(cut)?]).ok())?;
        let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.contains(controls) {
            return None;
        }
        let lower = text.trim_start().to_ascii_lowercase();
        if ["<!doctype", "<html", "<head", "<?xml"].iter().any(|tag| lower.starts_with(tag)) {
            return Some(Self::WebPage);
        }
        Some(Self::Text(text.trim_start().lines().next().unwrap_or_default().chars().take(60).collect()))
    }

    /// What to do instead.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Empty | Self::Zeros => "download or copy it anew",
            Self::LfsPointer => "run `git lfs pull` in its folder, or download the file itself",
            Self::XetPointer => "download the file itself, as with `bench models pull`",
            Self::WebPage | Self::Text(_) => {
                "download the file itself (on the hub …/resolve/…, not its page), as with `bench models pull`"
            }
            Self::OldGgml(_) => {
                "llama.cpp has not read such files since August 2023: get a GGUF file of the model"
            }
            Self::SavedState | Self::OldImatrix => "give the GGUF file of the model that it belongs to",
            Self::Safetensors | Self::Torch => {
                "convert the folder of its checkpoint with `bench models import FOLDER`"
            }
            Self::Archive(_) => "unpack it and give the GGUF file in it",
            Self::OtherEngine(_) | Self::Program => "give a GGUF file of the model",
        }
    }
}

/// What follows `FILE is`.
impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Zeros => {
                f.write_str("no GGUF file: it begins with zeros, as of a download that was not finished")
            }
            Self::LfsPointer => f.write_str("a Git LFS pointer, not the file itself"),
            Self::XetPointer => f.write_str("a Xet pointer, not the file itself"),
            Self::WebPage => f.write_str("a web page, not a model"),
            Self::Text(start) => write!(f, "text, not a model (it begins {start:?})"),
            Self::OldGgml(name) => write!(f, "in {name}, a format before GGUF"),
            Self::SavedState => f.write_str("a saved state of llama.cpp, not a model"),
            Self::OldImatrix => f.write_str("an importance matrix, which quantizers use, not a model"),
            Self::Safetensors => f.write_str("a safetensors file, the weights of a checkpoint"),
            Self::Torch => f.write_str("a file of PyTorch or a ZIP archive, not a GGUF file"),
            Self::Archive(name) => write!(f, "compressed or packed ({name})"),
            Self::OtherEngine(name) => write!(f, "a file for another engine ({name})"),
            Self::Program => f.write_str("a program, perhaps with a model in it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_given_for_a_model_is_told() {
        let safetensors = [&200_u64.to_le_bytes()[..], b"{\"__metadata__\":{}}"].concat();
        let imatrix = [&12_u32.to_le_bytes()[..], &19_u32.to_le_bytes(), b"blk.0.attn_k.weight"].concat();
        let tar = [&b"model.gguf"[..], &[0; 247], b"ustar\0"].concat();
        for (start, words) in [
            (&b""[..], "empty"),
            (&[0; 64], "zeros"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "Git LFS pointer"),
            (b"# xet version 0\nfilesize = 9\n", "Xet pointer"),
            (b"<!DOCTYPE html><html><head>", "web page"),
            (b"\n  <html lang=\"en\">", "web page"),
            (b"\xef\xbb\xbf<html>", "web page"),
            (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>", "web page"),
            (b"Entry not found", "text, not a model (it begins \"Entry not found\")"),
            (b"{\"error\":\"Repository not found\"}", "text, not a model"),
            (b"lmgg\x20\x7d\0\0", "GGML"),
            (b"fmgg\x01\0\0\0", "GGMF"),
            (b"tjgg\x03\0\0\0", "GGJT"),
            (b"algg\x01\0\0\0", "an adapter"),
            (b"qsgg\x02\0\0\0", "saved state"),
            (&imatrix, "importance matrix"),
            (&safetensors, "safetensors"),
            (b"PK\x03\x04\x00\x00\x08\x08", "PyTorch"),
            (b"\x80\x02\x8a\x0a", "PyTorch"),
            (b"\x1f\x8b\x08\x00", "gzip"),
            (b"\x28\xb5\x2f\xfd\x24", "zstd"),
            (&tar, "tar"),
            (b"\x1c\0\0\0TFL3\x14\0", "TensorFlow Lite"),
            (b"\x20\0\0\0ET12\x04\0", "ExecuTorch"),
            (b"LITERTLM\x01\0", "LiteRT-LM"),
            (b"\x08\x08\x12\x07pytorch\x1a", "ONNX"),
            (b"\x7fELF\x02\x01", "program"),
            (b"MZqFpD='\n", "program"),
        ] {
            let size = (start.len() as u64).max(if words == "safetensors" { 1 << 20 } else { 0 });
            let found = Container::of(start, size).unwrap_or_else(|| panic!("{words}: not told"));
            assert!(found.to_string().contains(words), "{found} should say {words}");
            assert!(!found.remedy().is_empty());
        }
        for unknown in [&b"GGUF\x03\0\0\0"[..], b"\x01\x02\x03\x04\x05", b"abc\x01"] {
            assert_eq!(Container::of(unknown, unknown.len() as u64), None);
        }
    }

    proptest! {
        #[test]
        fn any_beginning_is_looked_at(start in proptest::collection::vec(any::<u8>(), 0..300), more in any::<u64>()) {
            if let Some(found) = Container::of(&start, (start.len() as u64).saturating_add(more)) {
                prop_assert!(!found.to_string().contains('\n'));
            }
        }
    }
}
