//! Text files as people's programs write them: UTF-8 with or without a byte order mark,
//! UTF-16 with one, line ends of either kind. Everything that reads a text file of the
//! user's or of the hub reads it through here, so that all treat it alike.

use std::{
    borrow::Cow,
    fmt,
    fs::File,
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
};

const UTF8_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
const UTF16_LE_MARK: [u8; 2] = [0xff, 0xfe];
const UTF16_BE_MARK: [u8; 2] = [0xfe, 0xff];
const UTF32_MARKS: [[u8; 4]; 2] = [[0xff, 0xfe, 0, 0], [0, 0, 0xfe, 0xff]];

/// What makes bytes no text that is read, with the first byte at fault, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Bytes that are no UTF-8.
    NotUtf8 {
        /// The first of them.
        at: usize,
    },
    /// A file with UTF-16's mark, and in it half a character.
    NotUtf16 {
        /// Where it stands.
        at: usize,
    },
    /// A zero byte: no text has one, but UTF-16 without its mark has many.
    Zero {
        /// The first of them.
        at: usize,
    },
    /// UTF-32's mark.
    Utf32,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { at } => write!(f, "is not UTF-8 text at byte {at}"),
            Self::NotUtf16 { at } => write!(f, "is not UTF-16 text at byte {at}, as its mark says"),
            Self::Zero { at } => {
                write!(f, "has a zero byte at byte {at}, which no text has (UTF-16 without its mark?)")
            }
            Self::Utf32 => f.write_str("is UTF-32 text, which is not read"),
        }
    }
}

impl std::error::Error for Fault {}

/// Why a text file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The system could not read it.
    #[error("cannot read {}: {source}; check the path and its permissions", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is larger than any such file.
    #[error("{} has more than {most} bytes; give a smaller file", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read, bytes.
        most: u64,
    },
    /// It is no text.
    #[error("{} {fault}; save it as UTF-8", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// The text that bytes stand for, without a byte order mark. Line ends stay as they are.
///
/// # Errors
/// The first byte that is at fault.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    if UTF32_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(Fault::Utf32);
    }
    if bytes.starts_with(&UTF16_LE_MARK) {
        return utf16(bytes, u16::from_le_bytes).map(Cow::Owned);
    }
    if bytes.starts_with(&UTF16_BE_MARK) {
        return utf16(bytes, u16::from_be_bytes).map(Cow::Owned);
    }
    let start = if bytes.starts_with(&UTF8_MARK) { UTF8_MARK.len() } else { 0 };
    let text = match std::str::from_utf8(&bytes[start..]) {
        Ok(text) => text,
        // UTF-16 without its mark is told by its zeros, which come first.
        Err(error) => {
            let valid = &bytes[start..start + error.valid_up_to()];
            let at = valid.iter().position(|byte| *byte == 0);
            return Err(
                at.map_or(Fault::NotUtf8 { at: start + valid.len() }, |at| Fault::Zero { at: start + at })
            );
        }
    };
    match text.bytes().position(|byte| byte == 0) {
        Some(at) => Err(Fault::Zero { at: start + at }),
        None => Ok(Cow::Borrowed(text)),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Fault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().skip(1).map(|pair| unit(*pair));
    let mut text = String::with_capacity(bytes.len());
    let mut at = UTF16_LE_MARK.len();
    for character in char::decode_utf16(units) {
        match character {
            Ok('\0') => return Err(Fault::Zero { at }),
            Ok(character) => {
                text.push(character);
                at += 2 * character.len_utf16();
            }
            Err(_) => return Err(Fault::NotUtf16 { at }),
        }
    }
    if rest.is_empty() { Ok(text) } else { Err(Fault::NotUtf16 { at }) }
}

/// The same text with each line ended as Unix does: a model sees the difference.
pub fn with_unix_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// [`TextError`], which names the file.
pub fn read(path: &Path, most: u64) -> Result<String, TextError> {
    let failed = |source| TextError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(TextError::TooLarge { path: path.to_owned(), most });
    }
    let text = decode(&bytes).map_err(|fault| TextError::NotText { path: path.to_owned(), fault })?;
    Ok(text.into_owned())
}

/// Reads a text file whose line ends a model would see: they become Unix's.
///
/// # Errors
/// As [`read`].
pub fn read_lines(path: &Path, most: u64) -> Result<String, TextError> {
    let text = read(path, most)?;
    Ok(match with_unix_line_ends(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => changed,
    })
}

/// A long text file that is read in pieces, as UTF-8 without a mark. Bytes that are no UTF-8
/// pass, for whoever splits them into fields and can say in which they stand; UTF-16 is
/// decoded whole.
#[derive(Debug)]
pub struct Utf8Reader<R>(Source<R>);

#[derive(Debug)]
enum Source<R> {
    /// What was read to see how it begins, then the rest.
    Stream(io::Chain<Cursor<Vec<u8>>, R>),
    Decoded(Cursor<Vec<u8>>),
}

impl<R: Read> Utf8Reader<R> {
    /// Looks at how a text begins.
    ///
    /// # Errors
    /// Of the reader; and [`io::ErrorKind::InvalidData`] with a [`Fault`].
    pub fn new(mut inner: R) -> io::Result<Self> {
        let mut start = Vec::new();
        (&mut inner).take(4).read_to_end(&mut start)?;
        let wide = [UTF16_LE_MARK, UTF16_BE_MARK].iter().any(|mark| start.starts_with(mark));
        if wide || UTF32_MARKS.iter().any(|mark| start.starts_with(mark)) {
            inner.read_to_end(&mut start)?;
            let text = decode(&start).map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
            return Ok(Self(Source::Decoded(Cursor::new(text.into_owned().into_bytes()))));
        }
        if start.starts_with(&UTF8_MARK) {
            start.drain(..UTF8_MARK.len());
        }
        Ok(Self(Source::Stream(Cursor::new(start).chain(inner))))
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Stream(stream) => stream.read(buffer),
            Source::Decoded(text) => text.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text in each way that it is written, with its name.
    fn written(text: &str) -> Vec<(&'static str, Vec<u8>)> {
        let units = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        vec![
            ("plain", text.as_bytes().to_vec()),
            ("with a mark", [&UTF8_MARK[..], text.as_bytes()].concat()),
            ("UTF-16, low bytes first", units(UTF16_LE_MARK, u16::to_le_bytes)),
            ("UTF-16, high bytes first", units(UTF16_BE_MARK, u16::to_be_bytes)),
        ]
    }

    fn through_reader(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Utf8Reader::new(bytes)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn the_byte_at_fault_is_named() {
        for (bytes, fault, words) in [
            (&b"abc\xff"[..], Fault::NotUtf8 { at: 3 }, "is not UTF-8 text at byte 3"),
            (b"\xef\xbb\xbfab\xc3(", Fault::NotUtf8 { at: 5 }, "byte 5"),
            (b"a\0b\0", Fault::Zero { at: 1 }, "UTF-16 without its mark?"),
            (b"a\0\xe9\0", Fault::Zero { at: 1 }, "UTF-16 without its mark?"),
            (b"\xff\xfea\0b", Fault::NotUtf16 { at: 4 }, "is not UTF-16 text at byte 4"),
            (b"\xff\xfea\0\x00\xd8b\0", Fault::NotUtf16 { at: 4 }, "byte 4"),
            (b"\xfe\xff\0a\0\0", Fault::Zero { at: 4 }, "byte 4"),
            (b"\xff\xfe\0\0a\0\0\0", Fault::Utf32, "UTF-32"),
        ] {
            let found = decode(bytes).unwrap_err();
            assert_eq!(found, fault);
            assert!(found.to_string().contains(words), "{found}");
        }
        assert_eq!(decode(b"").unwrap(), "");
        assert_eq!(decode(&UTF8_MARK).unwrap(), "");
        assert_eq!(decode(&UTF16_BE_MARK).unwrap(), "");
    }

    #[test]
    fn a_file_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q.txt");
        std::fs::write(&path, b"Wer?\r\nWo\xdf?\r\n").unwrap();
        let error = read(&path, 100).unwrap_err().to_string();
        assert!(error.contains("q.txt is not UTF-8 text at byte 8; save it as UTF-8"), "{error}");
        std::fs::write(&path, "\u{feff}Wer?\r\nWo?\r\n").unwrap();
        assert_eq!(read_lines(&path, 100).unwrap(), "Wer?\nWo?\n");
        assert!(read(&path, 10).unwrap_err().to_string().contains("more than 10 bytes"));
        assert!(read(&folder.path().join("none"), 10).unwrap_err().to_string().contains("none"));
    }

    #[test]
    fn a_reader_leaves_bad_bytes_to_whoever_splits_them() {
        let mut bytes = Vec::new();
        Utf8Reader::new(&b"\xef\xbb\xbfa,\xff\n"[..]).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"a,\xff\n");
        let error = through_reader(b"\xff\xfea").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        for short in [&b""[..], b"a", b"ab", b"\xef\xbb"] {
            let mut bytes = Vec::new();
            Utf8Reader::new(short).unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, short);
        }
    }

    proptest! {
        #[test]
        fn a_text_is_the_same_however_it_is_written(text in "[^\0\u{feff}]{0,60}") {
            for (name, bytes) in written(&text) {
                prop_assert_eq!(&*decode(&bytes).unwrap(), &text, "{}", name);
                prop_assert_eq!(through_reader(&bytes).unwrap(), text.clone(), "{}", name);
            }
        }

        #[test]
        fn either_line_end_gives_the_same_text(lines in proptest::collection::vec("[^\r\n\0]{0,12}", 0..6)) {
            let (unix, dos) = (lines.join("\n"), lines.join("\r\n"));
            prop_assert_eq!(&*with_unix_line_ends(&dos), &unix);
            prop_assert_eq!(&*with_unix_line_ends(&unix), &unix);
        }

        #[test]
        fn any_bytes_are_read_or_refused_at_a_byte_of_theirs(
            start in prop_oneof![Just(vec![]), Just(vec![0xff, 0xfe]), Just(vec![0xfe, 0xff]), Just(vec![0xef, 0xbb, 0xbf])],
            rest in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let bytes = [start, rest].concat();
            match decode(&bytes) {
                Ok(text) => prop_assert!(!text.contains('\0')),
                Err(Fault::NotUtf8 { at } | Fault::NotUtf16 { at } | Fault::Zero { at }) => {
                    prop_assert!(at < bytes.len());
                }
                Err(Fault::Utf32) => prop_assert!(bytes.len() >= 4),
            }
            let _ = through_reader(&bytes);
        }
    }
}
