//! What the header of a program or library for Linux tells.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Bytes of a header that are looked at.
const LENGTH: usize = 20;

/// An ELF file's account of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elf {
    /// What it runs on: `x86_64`, `aarch64` or `another machine`.
    pub machine: &'static str,
    /// Whether it can be a shared library of 64 bits, little-endian.
    pub is_library: bool,
}

impl Elf {
    /// Reads a header; `None` when the file is of another format.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Option<Self>> {
        let mut header = Vec::new();
        File::open(path)?.take(LENGTH as u64).read_to_end(&mut header)?;
        Ok(Self::of_header(&header))
    }

    fn of_header(header: &[u8]) -> Option<Self> {
        if header.len() < LENGTH || !header.starts_with(b"\x7fELF") {
            return None;
        }
        let machine = match u16::from_le_bytes([header[18], header[19]]) {
            62 => "x86_64",
            183 => "aarch64",
            _ => "another machine",
        };
        Some(Self { machine, is_library: header[4..6] == [2, 1] && header[16..18] == [3, 0] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_machine_and_kind() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let told = |bytes: &[u8]| {
            std::fs::write(file.path(), bytes).unwrap();
            Elf::of_file(file.path()).unwrap()
        };
        let mut header = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xb7\0";
        assert_eq!(told(&header), Some(Elf { machine: "aarch64", is_library: false }));
        (header[16], header[18]) = (3, 62);
        assert_eq!(told(&header), Some(Elf { machine: "x86_64", is_library: true }));
        // 32 bits.
        (header[4], header[18]) = (1, 40);
        assert_eq!(told(&header), Some(Elf { machine: "another machine", is_library: false }));
        assert_eq!((told(b"#!/bin/sh\n"), told(&header[..19]), told(b"")), (None, None, None));
    }
}
