//! A model file cut into parts as `llama-gguf-split` cuts it: metadata in the first part, tensors
//! spread over all, each part with its number.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Alignment of the files that tests make.
const ALIGNMENT: usize = 32;

/// Cuts a file into `count` parts beside it, `NAME-00001-of-00003.gguf` and so on.
pub fn split(file: &Path, count: u16) -> Vec<PathBuf> {
    let bytes = fs::read(file).unwrap();
    let whole = Raw::read(&bytes);
    let stem = file.with_extension("").display().to_string();
    let share = whole.tensors.len().div_ceil(usize::from(count));
    let mut parts = Vec::new();
    for index in 0..count {
        let tensors = whole.tensors.iter().skip(usize::from(index) * share).take(share);
        let path = PathBuf::from(format!("{stem}-{:05}-of-{count:05}.gguf", index + 1));
        fs::write(&path, whole.part((index, count), &tensors.collect::<Vec<_>>())).unwrap();
        parts.push(path);
    }
    parts
}

/// A file in its pieces.
struct Raw<'a> {
    metadata: &'a [u8],
    metadata_count: u64,
    tensors: Vec<RawTensor<'a>>,
}

struct RawTensor<'a> {
    /// Name, dimensions and type, without the offset.
    record: &'a [u8],
    data: &'a [u8],
}

impl<'a> Raw<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let mut at = Reader { bytes, at: 8 };
        let (tensor_count, metadata_count) = (at.u64(), at.u64());
        let start = at.at;
        for _ in 0..metadata_count {
            at.string();
            let value_type = at.u32();
            at.value(value_type);
        }
        let metadata = &bytes[start..at.at];
        let mut records = Vec::new();
        for _ in 0..tensor_count {
            let start = at.at;
            at.string();
            for _ in 0..at.u32() {
                at.u64();
            }
            at.u32();
            let record = &bytes[start..at.at];
            records.push((record, usize::try_from(at.u64()).unwrap()));
        }
        let data = &bytes[at.at.next_multiple_of(ALIGNMENT)..];
        let end = |index: usize| records.get(index + 1).map_or(data.len(), |(_, offset)| *offset);
        let tensor = |(index, (record, offset)): (usize, &(&'a [u8], usize))| RawTensor {
            record,
            data: &data[*offset..end(index)],
        };
        let tensors = records.iter().enumerate().map(tensor).collect();
        Self { metadata, metadata_count, tensors }
    }

    fn part(&self, (index, count): (u16, u16), tensors: &[&RawTensor<'_>]) -> Vec<u8> {
        let own = if index == 0 { (self.metadata, self.metadata_count) } else { (&[][..], 0) };
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend((tensors.len() as u64).to_le_bytes());
        out.extend((own.1 + 3).to_le_bytes());
        out.extend(own.0);
        // The engine takes these types and no others: 2 is u16, 5 is i32.
        let all = i32::try_from(self.tensors.len()).unwrap();
        let numbers = [("split.no", index), ("split.count", count)];
        for (key, value) in numbers {
            number(&mut out, key, 2, &value.to_le_bytes());
        }
        number(&mut out, "split.tensors.count", 5, &all.to_le_bytes());
        let mut offset = 0_u64;
        for tensor in tensors {
            out.extend(tensor.record);
            out.extend(offset.to_le_bytes());
            offset += tensor.data.len() as u64;
        }
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        for tensor in tensors {
            out.extend(tensor.data);
        }
        out
    }
}

fn number(out: &mut Vec<u8>, key: &str, value_type: u32, value: &[u8]) {
    out.extend((key.len() as u64).to_le_bytes());
    out.extend(key.as_bytes());
    out.extend(value_type.to_le_bytes());
    out.extend(value);
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let taken = self.bytes[self.at..self.at + N].try_into().unwrap();
        self.at += N;
        taken
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    fn string(&mut self) {
        self.at += usize::try_from(self.u64()).unwrap();
    }

    fn value(&mut self, value_type: u32) {
        match value_type {
            0 | 1 | 7 => self.at += 1,
            2 | 3 => self.at += 2,
            4..=6 => self.at += 4,
            8 => self.string(),
            9 => {
                let element = self.u32();
                for _ in 0..self.u64() {
                    self.value(element);
                }
            }
            _ => self.at += 8,
        }
    }
}
