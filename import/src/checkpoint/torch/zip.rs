//! The directory of a zip archive whose members are stored as they are, which is how
//! torch writes them (they can be read in place then). Zip64 included.

use std::collections::HashMap;

use crate::error::{Result, advise, advised, refuse};
use crate::source::SourceFile;

/// End record without its comment, and the longest comment.
const END: u64 = 22;
const MAX_COMMENT: u64 = 65_535;
/// Fixed part of a directory entry, of a local header, of the zip64 end record.
const ENTRY: usize = 46;
const LOCAL: u64 = 30;
const END64: u64 = 56;
/// Largest directory that is read.
const MAX_DIRECTORY: u64 = 64 << 20;
/// Stands in a 32-bit field whose value is in the zip64 part.
const SEE_ZIP64: u64 = 0xFFFF_FFFF;

/// Members by name: where their data begin, and their length.
#[derive(Debug)]
pub(super) struct Archive {
    name: String,
    members: HashMap<String, (u64, u64)>,
}

/// A little-endian number of `size` bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    Some(field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

impl Archive {
    pub(super) fn open(file: &SourceFile) -> Result<Self> {
        let name = file.name();
        let start = file.part(0, file.len.min(4))?;
        if start.starts_with(&[0x80]) {
            return advise(format!(
                "{name}: is in torch's format from before version 1.6; load and save it with a newer torch"
            ));
        }
        if start != b"PK\x03\x04" {
            return advise(format!("{name}: is no checkpoint of torch (no zip archive); download it anew"));
        }
        let damaged =
            || advised(format!("{name}: the zip directory is damaged or truncated; download it anew"));
        let (directory, count) = directory(file)?.ok_or_else(damaged)?;
        let mut members = HashMap::new();
        let mut at = 0;
        for _ in 0..count {
            let (member, entry, next) = entry(&directory, at).ok_or_else(damaged)?;
            at = next;
            if entry.method != 0 {
                return refuse(format!("{name}: {member:?} is compressed, which torch does not do"));
            }
            // Names and extra fields before the data may differ from the directory's.
            let local = file.part(entry.local, LOCAL)?;
            let skip = number(&local, 26, 2).zip(number(&local, 28, 2)).ok_or_else(damaged)?;
            let start = entry.local + LOCAL + skip.0 + skip.1;
            if !local.starts_with(b"PK\x03\x04")
                || start.checked_add(entry.size).is_none_or(|end| end > file.len)
            {
                return Err(damaged());
            }
            if members.insert(member.clone(), (start, entry.size)).is_some() {
                return refuse(format!("{name}: {member:?} is in the archive twice"));
            }
        }
        Ok(Self { name, members })
    }

    /// Where a member lies.
    pub(super) fn find(&self, member: &str) -> Option<(u64, u64)> {
        self.members.get(member).copied()
    }

    /// The pickle: the folder it is in (with `/`), where it lies.
    pub(super) fn pickle(&self) -> Result<(String, u64, u64)> {
        let mut found =
            self.members.iter().filter_map(|(name, place)| Some((name.strip_suffix("data.pkl")?, place)));
        match (found.next(), found.next()) {
            (Some((root, (start, length))), None) => Ok((root.to_owned(), *start, *length)),
            _ => refuse(format!("{}: has not exactly one data.pkl; it is no checkpoint of torch", self.name)),
        }
    }
}

/// The directory and the number of its entries.
fn directory(file: &SourceFile) -> Result<Option<(Vec<u8>, u64)>> {
    let tail_len = file.len.min(END + MAX_COMMENT);
    let tail_start = file.len - tail_len;
    let tail = file.part(tail_start, tail_len)?;
    let Some(end) = tail.windows(4).rposition(|window| window == b"PK\x05\x06") else { return Ok(None) };
    let fields = |at, size| number(&tail, end + at, size);
    // The comment reaches to the end of the file, or this is no end record.
    if fields(20, 2).is_none_or(|comment| end as u64 + END + comment != tail_len) {
        return Ok(None);
    }
    let (Some(mut count), Some(mut size), Some(mut start)) = (fields(10, 2), fields(12, 4), fields(16, 4))
    else {
        return Ok(None);
    };
    if count == 0xFFFF || size == SEE_ZIP64 || start == SEE_ZIP64 {
        // The locator before the end record tells where the zip64 end record is.
        let Some(place) = end.checked_sub(20).and_then(|locator| number(&tail, locator + 8, 8)) else {
            return Ok(None);
        };
        let record = file.part(place, END64)?;
        if !record.starts_with(b"PK\x06\x06") {
            return Ok(None);
        }
        let fields = |at| number(&record, at, 8).unwrap_or(u64::MAX);
        (count, size, start) = (fields(32), fields(40), fields(48));
    }
    if size > MAX_DIRECTORY || count > size / ENTRY as u64 {
        return Ok(None);
    }
    Ok(Some((file.part(start, size)?, count)))
}

struct Entry {
    method: u64,
    size: u64,
    local: u64,
}

/// The entry at `at`: name, what it says, where the next begins.
fn entry(directory: &[u8], at: usize) -> Option<(String, Entry, usize)> {
    let field = |offset, size| number(directory, at + offset, size);
    if !directory.get(at..)?.starts_with(b"PK\x01\x02") {
        return None;
    }
    let length = |offset| usize::try_from(field(offset, 2)?).ok();
    let (names, extras, comments) = (length(28)?, length(30)?, length(32)?);
    let name = directory.get(at + ENTRY..at + ENTRY + names)?;
    let extra = directory.get(at + ENTRY + names..at + ENTRY + names + extras)?;
    let mut entry = Entry { method: field(10, 2)?, size: field(24, 4)?, local: field(42, 4)? };
    let packed = field(20, 4)?;
    zip64(extra, packed, &mut entry)?;
    // A local header so far out that its end overflows is damaged, too.
    entry.local.checked_add(1 << 32)?;
    Some((String::from_utf8_lossy(name).into_owned(), entry, at + ENTRY + names + extras + comments))
}

/// Takes the values that stand in the zip64 extra field: those that are all ones in
/// the entry, in a fixed order.
fn zip64(extra: &[u8], packed: u64, entry: &mut Entry) -> Option<()> {
    if entry.size != SEE_ZIP64 && entry.local != SEE_ZIP64 {
        return Some(());
    }
    let mut at = 0;
    loop {
        let (id, size) = (number(extra, at, 2)?, usize::try_from(number(extra, at + 2, 2)?).ok()?);
        let body = extra.get(at + 4..at + 4 + size)?;
        at += 4 + size;
        if id != 1 {
            continue;
        }
        let mut next = 0;
        if entry.size == SEE_ZIP64 {
            entry.size = number(body, next, 8)?;
            next += 8;
        }
        if packed == SEE_ZIP64 {
            next += 8;
        }
        if entry.local == SEE_ZIP64 {
            entry.local = number(body, next, 8)?;
        }
        return Some(());
    }
}
