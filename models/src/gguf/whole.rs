//! Models in several files. Each part has a header of its own: the first one holds the
//! metadata, each its own tensors. The engine finds the others by the name of the first,
//! `NAME-00001-of-00003.gguf` (`llama_split_path`).

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::read::{GgufError, Header, complete, is_piece, read_even_if_cut};
use super::value::Value;
use crate::split_name::SplitName;

/// Reads and checks the header of a GGUF file (version 2 or 3, little-endian), of a split
/// model those of all its parts, and that the files hold all the data they list.
pub fn read_header(path: &Path) -> Result<Header, GgufError> {
    complete(path, read_header_even_if_cut(path)?)
}

/// As [`read_header`], but for a model whose data may be cut short: ask
/// [`Header::cut_short`]. One piece of a file that was cut on purpose is refused.
pub fn read_header_even_if_cut(path: &Path) -> Result<Header, GgufError> {
    let header = whole(path, read_even_if_cut(path)?)?;
    if is_piece(path) { complete(path, header) } else { Ok(header) }
}

/// The header with those of all other parts, if the file is one part of several; whichever
/// part `path` is.
fn whole(path: &Path, header: Header) -> Result<Header, GgufError> {
    let number = |header: &Header, key: &str| header.metadata.get(key).and_then(Value::as_u64);
    let Some(count) = number(&header, "split.count").filter(|count| *count > 1) else { return Ok(header) };
    let refuse = |path: &Path, problem: String| GgufError::Split { path: path.to_owned(), problem };
    // Counted from 0 in the file, from 1 in its name.
    let own = number(&header, "split.no").map_or(1, |index| index.saturating_add(1));
    let name = path.file_name().and_then(|name| name.to_str()).and_then(SplitName::parse);
    let Some(name) = name.filter(|name| (u64::from(name.part), u64::from(name.count)) == (own, count)) else {
        let problem = format!(
            "is part {own} of {count} of a split model, but its name does not end in -{own:05}-of-{count:05}.gguf, by \
             which the others are found"
        );
        return Err(refuse(path, problem));
    };
    let paths: Vec<PathBuf> = name.all().map(|name| path.with_file_name(name)).collect();
    let missing: Vec<&Path> = paths.iter().map(PathBuf::as_path).filter(|part| !part.is_file()).collect();
    if let Some(first) = missing.first() {
        let absent = first.file_name().unwrap_or_default().display();
        let more =
            if missing.len() > 1 { format!(" and {} more are", missing.len() - 1) } else { " is".into() };
        return Err(refuse(
            path,
            format!("is part {own} of {count} of a split model, and {absent}{more} not there"),
        ));
    }
    let mut merged: Option<Header> = None;
    let mut names = HashSet::new();
    for (index, part) in (0_u64..).zip(&paths) {
        let next = read_even_if_cut(part)?;
        let place = (number(&next, "split.no").unwrap_or(0), number(&next, "split.count"));
        if place != (index, Some(count)) {
            return Err(refuse(
                part,
                format!("is not part {} of {count} of the same split model", index + 1),
            ));
        }
        if let Some(tensor) = next.tensors.iter().find(|tensor| !names.insert(tensor.name.clone())) {
            return Err(refuse(part, format!("has tensor {:?}, which another part has too", tensor.name)));
        }
        match &mut merged {
            None => merged = Some(next),
            Some(all) => add(all, next),
        }
    }
    let merged = merged.unwrap_or(header);
    match number(&merged, "split.tensors.count") {
        Some(stated) if stated != names.len() as u64 => {
            Err(refuse(path, format!("states {stated} tensors in {count} parts, which have {}", names.len())))
        }
        _ => Ok(merged),
    }
}

fn add(all: &mut Header, part: Header) {
    all.file_bytes = all.file_bytes.saturating_add(part.file_bytes);
    if let (None, Some(problem)) = (&all.cut_short, part.cut_short)
        && let Some(file) = part.parts.first()
    {
        all.cut_short = Some(format!("{problem} ({})", file.path.file_name().unwrap_or_default().display()));
    }
    all.tensors.extend(part.tensors);
    all.parts.extend(part.parts);
}

#[cfg(test)]
mod tests;
