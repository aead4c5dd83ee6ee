//! From a device's name on the command line to a device.

use crate::{Device, Local, OpenOptions, phone};
use slm_plan::error::{Error, Result};

/// Opens a device whose name is of this kind; `None` for a name of another kind.
type OpenKind = fn(&str, &OpenOptions<'_>) -> Result<Option<Box<dyn Device>>>;

/// The kinds of device, asked in this order. A new kind is a file and a line here. Phones
/// come last: they take every name that is left, and list what is attached if it is wrong.
const KINDS: &[OpenKind] = &[Local::open, phone::open];

/// Opens a device: `local`, the name of one of the profiles, `serial:S`, `adb://host:port/S`.
///
/// # Errors
/// [`Error::Input`] for a name that cannot be one, [`Error::Device`] for a phone that
/// is not there; both list what is attached.
pub fn open(name: &str, options: &OpenOptions<'_>) -> Result<Box<dyn Device>> {
    for open_kind in KINDS {
        if let Some(device) = open_kind(name, options)? {
            return Ok(device);
        }
    }
    Err(Error::input(
        format!("--device {name} is of no known kind"),
        "`bench devices` lists what is attached",
    ))
}
