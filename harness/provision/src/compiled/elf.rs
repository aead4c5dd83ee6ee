//! For which kind of machine a shared library was compiled, by its ELF header: TVM's own
//! words for a library of another machine would say little.

use super::files::GET;
use crate::elf::Elf;
use slm_plan::error::{Error, Result};
use std::path::Path;

/// A device that libraries must run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name, as in the tables.
    pub device: String,
    /// Target triple of its agent.
    pub target: String,
}

impl Machine {
    /// The kind of machine, such as `aarch64`.
    fn kind(&self) -> &str {
        self.target.split('-').next().unwrap_or_default()
    }
}

/// Refuses a library that one of the machines cannot load.
///
/// # Errors
/// [`Error::Input`] that names the library, the device and both kinds of machine.
pub(super) fn check(path: &Path, machines: &[Machine]) -> Result<()> {
    let read = Elf::of_file(path).map_err(|error| Error::reading(path, &error))?;
    let Some(Elf { machine: kind, .. }) = read.filter(|elf| elf.is_library) else {
        let what = format!("{} is no shared library for Linux", path.display());
        return Err(Error::input(what, GET));
    };
    let Some(other) = machines.iter().find(|machine| machine.kind() != kind) else { return Ok(()) };
    let what = format!("{} is for {kind}, and {} is {}", path.display(), other.device, other.kind());
    let remedy = match other.kind() {
        "aarch64" => "give one that was compiled for it: bench models make --format mlc --target aarch64",
        _ => "give one that was compiled for it",
    };
    Err(Error::input(what, remedy))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The beginning of a library for a machine by its ELF number.
    pub(crate) fn header(machine: u16) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
        bytes.extend(machine.to_le_bytes());
        bytes
    }

    pub(crate) fn machine(device: &str, target: &str) -> Machine {
        Machine { device: device.into(), target: target.into() }
    }

    #[test]
    fn a_library_must_be_for_every_device() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.so");
        let (here, phone) =
            (machine("local", "x86_64-unknown-linux-gnu"), machine("s24", "aarch64-unknown-linux-gnu"));
        let told = |bytes: &[u8], machines: &[Machine]| {
            std::fs::write(&file, bytes).unwrap();
            check(&file, machines).map_err(|error| error.to_string())
        };
        assert_eq!(told(&header(183), std::slice::from_ref(&phone)), Ok(()));
        assert_eq!(told(&header(62), std::slice::from_ref(&here)), Ok(()));
        let both = told(&header(62), &[here.clone(), phone.clone()]).unwrap_err();
        assert!(
            both.contains("is for x86_64, and s24 is aarch64") && both.contains("--target aarch64"),
            "{both}"
        );
        assert!(told(&header(40), std::slice::from_ref(&here)).unwrap_err().contains("another machine"));
        for bytes in [&b""[..], b"\x7fELF", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0"] {
            assert!(
                told(bytes, std::slice::from_ref(&here)).unwrap_err().contains("no shared library for Linux")
            );
        }
    }
}
