//! From names as typed to devices.

use super::{Device, Local};
use crate::error::{Error, Result};

/// Finds a device by its name.
///
/// # Errors
/// [`Error::Input`] that lists what there is.
pub fn open(name: &str) -> Result<Box<dyn Device>> {
    match name {
        "local" => Ok(Box::new(Local::new()?)),
        _ => Err(Error::input(
            format!("there is no device '{name}'"),
            "type `--device local` for this machine",
        )),
    }
}

/// Names of all phones that are attached: `--device all`. This machine is not among
/// them: it would measure itself while it drives the others.
///
/// # Errors
/// [`Error::Device`] when there is none.
pub fn attached() -> Result<Vec<String>> {
    Err(Error::Device("no phone is attached; type `--device local` for this machine".into()))
}
