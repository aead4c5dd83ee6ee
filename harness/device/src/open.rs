//! From a device's name on the command line to a device.

use super::{
    Device, Link, Local, Notify,
    adb::{Attached, PhoneAddress, Server, ServerAddress},
    phone::Phone,
    profile::{self, Identity, Profiles, pick},
};
use slm_plan::{
    error::{Error, Result},
    text::clean,
};
use slm_protocol::EngineKind;
use std::sync::Arc;

/// The adb server that was asked for, or the usual one.
///
/// # Errors
/// [`Error::Input`] when the environment names none that can be.
pub fn server(asked: Option<&ServerAddress>) -> Result<Server> {
    let address = asked.cloned().map_or_else(ServerAddress::from_env, Ok);
    let address = address.map_err(|why| Error::input(why, "correct the variable, or give --adb-server"))?;
    Ok(Server::new(address))
}

/// What devices are opened with.
#[derive(Clone)]
pub struct Opening<'a> {
    /// The adb server, where one was asked for.
    pub adb_server: Option<&'a ServerAddress>,
    /// Phones known by name.
    pub profiles: &'a Profiles,
    /// The engines that the device's agent shall have.
    pub engines: &'a [EngineKind],
    /// Whoever is told how work on the device goes.
    pub notify: Notify,
}

/// Opens a device whose name it knows; `None` for the name of another kind.
type Open = fn(&str, &Opening<'_>) -> Result<Option<Box<dyn Device>>>;

/// The kinds of device. A new one is a line here; phones take what no other took.
const KINDS: [Open; 2] = [Local::open, open_phone];

/// Opens a device: `local`, the name of one of the profiles, `serial:S`, `adb://host:port/S`.
///
/// # Errors
/// [`Error::Input`] for a name that cannot be one, [`Error::Device`] for a phone that
/// is not there; both list what is attached.
pub fn open(name: &str, opening: &Opening<'_>) -> Result<Box<dyn Device>> {
    for kind in KINDS {
        if let Some(device) = kind(name, opening)? {
            return Ok(device);
        }
    }
    Err(Error::input(
        format!("--device {name} is of no known kind"),
        "`bench devices` lists what is attached",
    ))
}

fn open_phone(name: &str, opening: &Opening<'_>) -> Result<Option<Box<dyn Device>>> {
    let Opening { adb_server, profiles, engines, notify } = opening;
    let found = find(name, *adb_server, profiles)?;
    // However a profile's name was written, the tables have one form of it.
    let name = profiles.named(name).map_or(name, |phone| phone.name.as_str());
    Ok(Some(Box::new(Phone::open(name, found.link, profiles, engines, notify.clone())?)))
}

/// Finds the phone that a name stands for.
///
/// # Errors
/// As [`open`].
pub fn find(name: &str, adb_server: Option<&ServerAddress>, profiles: &Profiles) -> Result<PhoneFound> {
    let Some(address) = PhoneAddress::parse(name) else { return by_profile(name, adb_server, profiles) };
    let wrong =
        |why| Error::input(format!("--device {name}: {why}"), "`bench devices` lists what is attached");
    let address = address.map_err(wrong)?;
    by_serial(&server(address.server.as_ref().or(adb_server))?, &address.serial)
}

/// A phone that an adb server knows.
pub struct PhoneFound {
    /// What the server says of it.
    pub attached: Attached,
    /// The way to it.
    pub link: Arc<dyn Link>,
}

/// All phones of a server.
///
/// # Errors
/// [`Error::Device`] when there is no server.
pub fn phones(server: &Server) -> Result<Vec<PhoneFound>> {
    let attached = server.attached().map_err(|error| super::phone::lost(&error))?;
    let found = |attached: Attached| {
        let link = Arc::new(server.phone(&attached.serial));
        PhoneFound { attached, link }
    };
    Ok(attached.into_iter().map(found).collect())
}

/// Names of all phones that are attached: `--device all`. This machine is not among
/// them: it would measure itself while it drives the others.
///
/// # Errors
/// [`Error::Device`] when there is none.
pub fn attached(adb_server: Option<&ServerAddress>) -> Result<Vec<String>> {
    let phones = phones(&server(adb_server)?)?;
    let ready = phones.iter().filter(|phone| phone.attached.is_ready());
    let names: Vec<String> = ready.map(|phone| format!("serial:{}", phone.attached.serial)).collect();
    if names.is_empty() {
        return Err(Error::Device(format!("no phone is ready to be measured; {}", listed(&phones))));
    }
    Ok(names)
}

/// The one attached phone that a profile fits.
fn by_profile(name: &str, adb_server: Option<&ServerAddress>, profiles: &Profiles) -> Result<PhoneFound> {
    if profiles.named(name).is_none() {
        // No adb server is needed, or started, to say so.
        return Err(pick(profiles, name, &[]).err().unwrap_or_else(|| Error::Internal(name.to_owned())));
    }
    let mut all = phones(&server(adb_server)?)?;
    let described: Vec<profile::Attached> = all.iter().map(PhoneFound::described).collect();
    let (chosen, _) = pick(profiles, name, &described)?;
    let at = described.iter().position(|phone| std::ptr::eq(phone, chosen)).unwrap_or_default();
    Ok(all.swap_remove(at))
}

impl PhoneFound {
    /// Asks the phone who it is.
    fn described(&self) -> profile::Attached {
        let identity = match Identity::read(self.link.as_ref()) {
            Ok(identity) => Ok(identity),
            Err(_) if !self.attached.is_ready() => Err(self.attached.state.clone()),
            Err(error) => Err(error.to_string()),
        };
        profile::Attached { address: format!("serial:{}", self.attached.serial), identity }
    }
}

fn by_serial(server: &Server, serial: &str) -> Result<PhoneFound> {
    let mut all = phones(server)?;
    if let Some(at) = all.iter().position(|phone| phone.attached.serial == serial) {
        Ok(all.swap_remove(at))
    } else {
        let what = format!("no phone with the serial '{serial}' at the adb server {}", server.address());
        Err(Error::Device(format!("{what}; {}", listed(&all))))
    }
}

/// What is attached and what to type for it, in one line.
fn listed(all: &[PhoneFound]) -> String {
    if all.is_empty() {
        return "no phone is attached: connect one with USB debugging on, or use `adb connect`".to_owned();
    }
    let one = |phone: &PhoneFound| {
        let Attached { serial, state, model } = &phone.attached;
        let state = if phone.attached.is_ready() { String::new() } else { format!(", {state}") };
        let model = model.as_deref().unwrap_or("model unknown");
        format!("--device 'serial:{}' ({}{})", clean(serial), clean(model), clean(&state))
    };
    format!("attached: {}", all.iter().map(one).collect::<Vec<_>>().join(", "))
}
