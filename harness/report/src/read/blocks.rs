//! Long tables are sampled: blocks of whole lines, evenly spread over the file,
//! so that its size does not matter. Only for tables without line breaks in
//! fields (tokens, telemetry).

use slm_plan::{
    error::{Error, Result},
    plain_text::Utf8Reader,
};
use slm_results::schema::{Layout, Row};
use std::{
    fs::File,
    io::{ErrorKind, Read, Seek, SeekFrom},
    path::Path,
};

/// Bytes of one block.
const BLOCK: usize = 512 << 10;

/// A table's header, and blocks of its rows.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Columns.
    pub(super) header: Vec<String>,
    /// Blocks of whole lines.
    pub(super) blocks: Vec<Vec<u8>>,
    /// Share of the file that was read, 0 to 1.
    pub(super) share: f64,
}

impl Sample {
    /// The indices of a table's columns.
    pub(super) fn layout<T: Row>(&self) -> Layout<T> {
        Layout::of(self.header.iter().map(String::as_str))
    }
}

/// Reads a table, or blocks of it with about `budget` bytes in all. A table that
/// is not there is empty.
///
/// # Errors
/// [`Error::Input`] when it cannot be read.
pub(super) fn read(path: &Path, budget: usize) -> Result<Sample> {
    let failed = |error| Error::reading(path, &error);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Sample::default()),
        Err(error) => return Err(failed(error)),
    };
    let size = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
    if size <= budget {
        let mut text = Vec::with_capacity(size);
        Utf8Reader::new(file).and_then(|mut file| file.read_to_end(&mut text)).map_err(failed)?;
        let end = line_end(&text);
        let header = header(&text[..end]);
        return Ok(Sample { header, blocks: vec![text.split_off(end)], share: 1.0 });
    }
    let count = (budget / BLOCK).max(1);
    let mut sample = Sample { share: (count * BLOCK) as f64 / size as f64, ..Sample::default() };
    for index in 0..count {
        let at = (size - BLOCK) / count * index;
        file.seek(SeekFrom::Start(at as u64)).map_err(failed)?;
        let mut block = vec![0; BLOCK];
        file.read_exact(&mut block).map_err(failed)?;
        // The first line is the header, or a part of a row; so is the last.
        let end = line_end(&block);
        if index == 0 {
            sample.header = header(&block[..end]);
        }
        block.drain(..end);
        let whole = block.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        block.truncate(whole);
        sample.blocks.push(block);
    }
    Ok(sample)
}

fn line_end(text: &[u8]) -> usize {
    text.iter().position(|&byte| byte == b'\n').map_or(text.len(), |end| end + 1)
}

fn header(line: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(line);
    text.trim_start_matches('\u{feff}').trim_end().split(',').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_long_table_is_sampled_in_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let mut file = File::create(&path).unwrap();
        writeln!(file, "a,b").unwrap();
        (0..300_000).for_each(|n| writeln!(file, "row-{n:07},{n}").unwrap());
        let blocks = read(&path, 2 << 20).unwrap();
        assert_eq!((blocks.header.as_slice(), blocks.blocks.len()), (["a".into(), "b".into()].as_slice(), 4));
        assert!(blocks.share < 0.5, "{}", blocks.share);
        for block in &blocks.blocks {
            let text = std::str::from_utf8(block).unwrap();
            assert!(text.starts_with("row-") && text.ends_with('\n'));
            assert!(text.lines().all(|line| line.split(',').count() == 2));
        }
        assert!(read(&path, 64 << 20).unwrap().share >= 1.0);
        assert!(read(&folder.path().join("none.csv"), 1).unwrap().blocks.is_empty());
    }
}
