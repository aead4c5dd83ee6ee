//! From a phone's name to the attached phone.

use super::{Phone, error::device_error};
use crate::{
    Device, Link, OpenOptions,
    adb::{AdbLink, AttachedPhone, PhoneAddress, Server, ServerAddress},
    profile::{Candidate, Identity, Profiles, pick},
    readiness::is_wireless,
};
use slm_plan::{
    error::{Error, Result},
    text::clean,
};
use std::sync::Arc;

/// The adb server that was asked for, or the one adb itself would use.
///
/// # Errors
/// [`Error::Input`] when the environment variables are wrong.
pub fn adb_server(asked: Option<&ServerAddress>) -> Result<Server> {
    let address = asked.cloned().map_or_else(ServerAddress::from_env, Ok);
    let address = address.map_err(|why| Error::input(why, "correct the variable, or give --adb-server"))?;
    Ok(Server::new(address))
}

/// Opens the phone that a name stands for.
///
/// # Errors
/// As [`find`], and [`Error::Device`] when it cannot be reached.
pub(crate) fn open(name: &str, options: &OpenOptions<'_>) -> Result<Option<Box<dyn Device>>> {
    let (adb_server, profiles) = (options.adb_server, options.profiles);
    let found = find(name, adb_server, profiles)?;
    // A profile can be typed in several ways; the tables have one.
    let name = profiles.named(name).map_or(name, |phone| phone.name.as_str());
    Ok(Some(Box::new(Phone::open(name, found.link, options)?)))
}

/// Finds the phone that a name stands for.
///
/// # Errors
/// [`Error::Input`] for a name that cannot be a phone's, [`Error::Device`] for a phone that
/// is not there; both list what is attached.
pub fn find(name: &str, asked: Option<&ServerAddress>, profiles: &Profiles) -> Result<FoundPhone> {
    let Some(address) = PhoneAddress::parse(name) else { return by_profile(name, asked, profiles) };
    let wrong =
        |why| Error::input(format!("--device {name}: {why}"), "`bench devices` lists what is attached");
    let address = address.map_err(wrong)?;
    by_serial(&adb_server(address.server.as_ref().or(asked))?, &address.serial)
}

/// A phone that an adb server knows.
pub struct FoundPhone {
    /// Its entry in the server's list.
    pub attached: AttachedPhone,
    /// The way to it.
    pub link: Arc<dyn Link>,
}

/// All phones of an adb server, whatever their state.
///
/// # Errors
/// [`Error::Device`] when there is no server.
pub fn list(server: &Server) -> Result<Vec<FoundPhone>> {
    let attached = server.attached().map_err(|error| device_error(&error))?;
    let found = |attached: AttachedPhone| {
        let link = Arc::new(AdbLink::new(server, &attached.serial));
        FoundPhone { attached, link }
    };
    Ok(attached.into_iter().map(found).collect())
}

/// Names of all attached phones that are ready: `--device all`. Of a phone that is attached in
/// several ways, the cable's. This machine is not among them: it would measure itself while it
/// drives the others.
///
/// # Errors
/// [`Error::Device`] when there is none.
pub fn ready_names(asked: Option<&ServerAddress>) -> Result<Vec<String>> {
    let phones = list(&adb_server(asked)?)?;
    let ready = phones.iter().filter(|phone| phone.attached.is_ready());
    // One that does not answer counts as another phone: its own error is told when it is opened.
    let unit = |phone: &FoundPhone| Identity::read(phone.link.as_ref()).ok()?.unit;
    let ready = ready.map(|phone| (phone.attached.serial.as_str(), unit(phone))).collect();
    let names: Vec<String> = one_link_each(ready).iter().map(|serial| format!("serial:{serial}")).collect();
    if names.is_empty() {
        return Err(Error::Device(format!("no phone is ready to be measured; {}", listed(&phones))));
    }
    Ok(names)
}

/// Of several links to one phone (serials with what the phone itself is known by), the first by
/// cable, else the first. Phones stay in their order.
fn one_link_each(links: Vec<(&str, Option<String>)>) -> Vec<&str> {
    let mut chosen: Vec<(&str, Option<String>)> = Vec::new();
    for (serial, unit) in links {
        let same = chosen.iter_mut().find(|(_, earlier)| unit.is_some() && *earlier == unit);
        match same {
            None => chosen.push((serial, unit)),
            Some(earlier) if is_wireless(earlier.0) && !is_wireless(serial) => earlier.0 = serial,
            Some(_) => {}
        }
    }
    chosen.into_iter().map(|(serial, _)| serial).collect()
}

/// The one attached phone that a profile fits.
fn by_profile(name: &str, asked: Option<&ServerAddress>, profiles: &Profiles) -> Result<FoundPhone> {
    if profiles.named(name).is_none() {
        // No adb server is needed, or started, to say so.
        return Err(pick(profiles, name, &[]).err().unwrap_or_else(|| Error::Internal(name.to_owned())));
    }
    let mut all = list(&adb_server(asked)?)?;
    let candidates: Vec<Candidate> = all.iter().map(FoundPhone::candidate).collect();
    let (chosen, _) = pick(profiles, name, &candidates)?;
    let at = candidates.iter().position(|phone| std::ptr::eq(phone, chosen)).unwrap_or_default();
    Ok(all.swap_remove(at))
}

impl FoundPhone {
    /// Asks the phone who it is.
    fn candidate(&self) -> Candidate {
        let identity = match Identity::read(self.link.as_ref()) {
            Ok(identity) => Ok(identity),
            Err(_) if !self.attached.is_ready() => Err(self.attached.state.clone()),
            Err(error) => Err(error.to_string()),
        };
        Candidate { address: format!("serial:{}", self.attached.serial), identity }
    }
}

fn by_serial(server: &Server, serial: &str) -> Result<FoundPhone> {
    let mut all = list(server)?;
    if let Some(at) = all.iter().position(|phone| phone.attached.serial == serial) {
        Ok(all.swap_remove(at))
    } else {
        let what = format!("no phone with the serial '{serial}' at the adb server {}", server.address());
        Err(Error::Device(format!("{what}; {}", listed(&all))))
    }
}

/// What is attached and what to type for it, in one line.
fn listed(all: &[FoundPhone]) -> String {
    if all.is_empty() {
        return "no phone is attached: connect one with USB debugging on, or use `adb connect`".to_owned();
    }
    let one = |phone: &FoundPhone| {
        let AttachedPhone { serial, state, model } = &phone.attached;
        let state = if phone.attached.is_ready() { String::new() } else { format!(", {state}") };
        let model = model.as_deref().unwrap_or("model unknown");
        format!("--device 'serial:{}' ({}{})", clean(serial), clean(model), clean(&state))
    };
    format!("attached: {}", all.iter().map(one).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_with_several_links_is_taken_once_by_its_cable() {
        let links = |links: &[(&'static str, Option<&str>)]| {
            one_link_each(links.iter().map(|(serial, unit)| (*serial, unit.map(str::to_owned))).collect())
        };
        let (wifi, cable) = ("192.168.1.20:5555", "R5CX20ABCDE");
        assert_eq!(links(&[(wifi, Some("a")), ("other", Some("b")), (cable, Some("a"))]), [cable, "other"]);
        assert_eq!(links(&[(cable, Some("a")), (wifi, Some("a"))]), [cable]);
        let tls = "adb-R5CX-abc._adb-tls-connect._tcp";
        assert_eq!(links(&[(wifi, Some("a")), (tls, Some("a"))]), [wifi]);
        // Whoever does not tell may be anyone.
        assert_eq!(links(&[(wifi, None), (cable, None)]), [wifi, cable]);
    }
}
