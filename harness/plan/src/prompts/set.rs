//! A set of questions, requests and documents.

use crate::error::{Error, Result};
use slm_models::plain_text::{self, TextError};
use std::{fs, path::Path};

/// Largest prompt file that is read, bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Questions, requests and documents; none of them empty, and as many documents
/// as requests, since request i goes with document i.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptSet {
    /// Asked on their own (0 chunks).
    pub questions: Vec<String>,
    /// Put before a document's chunks.
    pub requests: Vec<String>,
    /// Cut into chunks.
    pub documents: Vec<String>,
}

impl PromptSet {
    /// The set that ships with the project.
    pub fn builtin() -> Self {
        Self {
            questions: lines(include_str!("../../../../prompts/questions.txt")),
            requests: lines(include_str!("../../../../prompts/requests.txt")),
            documents: [
                include_str!("../../../../prompts/documents/1-contract.txt"),
                include_str!("../../../../prompts/documents/2-slides.txt"),
                include_str!("../../../../prompts/documents/3-report.txt"),
                include_str!("../../../../prompts/documents/4-spreadsheet.txt"),
                include_str!("../../../../prompts/documents/5-minutes.txt"),
            ]
            .map(|text| text.trim().to_owned())
            .to_vec(),
        }
    }

    /// Reads a folder of the same layout: `questions.txt` and `requests.txt` with
    /// one prompt a line, `documents/*.txt` in the order of their names.
    ///
    /// # Errors
    /// [`Error::Input`] that names the file and the remedy.
    pub fn read(folder: &Path) -> Result<Self> {
        let questions = lines(&read_text(&folder.join("questions.txt"))?);
        let requests = lines(&read_text(&folder.join("requests.txt"))?);
        let documents_folder = folder.join("documents");
        let mut paths: Vec<_> = fs::read_dir(&documents_folder)
            .map_err(|error| missing(&documents_folder, &error.to_string()))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .collect();
        paths.sort();
        let documents =
            paths.iter().map(|path| Ok(read_text(path)?.trim().to_owned())).collect::<Result<Vec<_>>>()?;
        for (what, items) in
            [("questions.txt", &questions), ("requests.txt", &requests), ("documents", &documents)]
        {
            if items.is_empty() || items.iter().any(String::is_empty) {
                return Err(missing(&folder.join(what), "it is empty"));
            }
        }
        if documents.len() != requests.len() {
            let counts = format!(
                "{} requests but {} documents in {}",
                requests.len(),
                documents.len(),
                folder.display()
            );
            return Err(Error::input(counts, "request i goes with document i, so give as many of each"));
        }
        Ok(Self { questions, requests, documents })
    }
}

fn missing(path: &Path, why: &str) -> Error {
    Error::input(
        format!("prompts cannot be read from {}: {why}", path.display()),
        "a prompts folder holds questions.txt, requests.txt and documents/*.txt",
    )
}

fn read_text(path: &Path) -> Result<String> {
    plain_text::read_lines(path, MAX_FILE_BYTES).map_err(|error| match error {
        TextError::Io { source, .. } => missing(path, &source.to_string()),
        other => Error::text(&other),
    })
}

pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_set_is_the_papers_form() {
        let set = PromptSet::builtin();
        assert_eq!((set.questions.len(), set.requests.len(), set.documents.len()), (5, 5, 5));
        assert_eq!(set.questions[0], "Who was the first president of USA?");
        assert_eq!(set.requests[0], "Please summarize the document excerpt(s) below:");
    }

    #[test]
    fn an_empty_folder_names_the_file_and_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let error = PromptSet::read(folder.path()).unwrap_err();
        assert!(error.to_string().contains("questions.txt"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }

    type Write<'a> = &'a dyn Fn(&str) -> Vec<u8>;

    /// The same prompts in each way that a text file is written.
    #[test]
    fn marks_and_line_ends_are_no_part_of_a_prompt() {
        let files = [("questions.txt", "Wer ist das?\nÜber was?\n"), ("requests.txt", "Kürze:\n")];
        let document = ("documents/a.txt", "Erste Zeile\nzweite, größere\n\nEnde");
        let write_all = |write: &dyn Fn(&str) -> Vec<u8>| {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("documents")).unwrap();
            for (name, text) in files.into_iter().chain([document]) {
                fs::write(folder.path().join(name), write(text)).unwrap();
            }
            PromptSet::read(folder.path())
        };
        let plain = write_all(&|text| text.as_bytes().to_vec()).unwrap();
        assert_eq!((plain.questions[0].as_str(), plain.documents[0].as_str()), ("Wer ist das?", document.1));
        let dos = |text: &str| text.replace('\n', "\r\n");
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| {
            format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        let ways: [(&str, Write<'_>); 5] = [
            ("mark", &|text| format!("\u{feff}{text}").into_bytes()),
            ("line ends", &|text| dos(text).into_bytes()),
            ("mark and line ends", &|text| format!("\u{feff}{}", dos(text)).into_bytes()),
            ("UTF-16 LE", &|text| wide(&dos(text), u16::to_le_bytes)),
            ("UTF-16 BE", &|text| wide(text, u16::to_be_bytes)),
        ];
        for (name, write) in ways {
            assert_eq!(write_all(write).unwrap(), plain, "{name}");
        }
        let latin = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let error = write_all(&latin).unwrap_err().to_string();
        assert!(error.contains("questions.txt is not UTF-8 text at byte 13; save it as UTF-8"), "{error}");
    }

    #[test]
    fn requests_and_documents_must_match() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("documents")).unwrap();
        write("questions.txt", "Q?\n");
        write("requests.txt", "R1\nR2\n");
        write("documents/a.txt", "text");
        assert!(
            PromptSet::read(folder.path()).unwrap_err().to_string().contains("2 requests but 1 documents")
        );
        write("documents/b.txt", "more");
        assert_eq!(PromptSet::read(folder.path()).unwrap().documents, ["text", "more"]);
    }
}
