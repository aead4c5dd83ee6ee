//! Which of the attached phones is meant.

use super::{Identity, Match, Profiles};
use crate::quote;
use slm_plan::error::{Error, Result};
use slm_plan::text;

/// An address as a person types it: a serial may hold what a shell would read as a command.
fn typed_safely(address: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | '/');
    if address.chars().all(is_plain) { address.to_owned() } else { quote(address) }
}

/// A phone that an adb server lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Attached {
    /// What names just this one: `serial:…` or `adb://host:port/serial`.
    pub address: String,
    /// Its properties, or in a few words why it cannot be asked (`unauthorized`, `offline`).
    pub identity: std::result::Result<Identity, String>,
}

impl Attached {
    /// One phone in a list: address, model, and the name of its profile.
    fn label(&self, profiles: &Profiles) -> String {
        let text = match &self.identity {
            Ok(identity) => {
                let name = profiles.find(identity).map_or("no profile", |found| found.phone.name.as_str());
                format!("{} ({}, {name})", self.address, identity.label())
            }
            Err(why) => format!("{} ({why})", self.address),
        };
        text::clean(&text)
    }
}

/// The one attached phone that a name means.
///
/// # Errors
/// [`Error::Input`] for a name that no profile has; [`Error::Device`] when none or
/// several of the attached phones fit. Both say what is there and what to type.
pub fn pick<'a, 'p>(
    profiles: &'p Profiles,
    typed: &str,
    attached: &'a [Attached],
) -> Result<(&'a Attached, Match<'p>)> {
    let list = |phones: &[&Attached]| {
        let labels: Vec<String> = phones.iter().map(|phone| phone.label(profiles)).collect();
        labels.join(", ")
    };
    let all: Vec<&Attached> = attached.iter().collect();
    let there = match attached {
        [] => "no phone is attached".to_owned(),
        _ => format!("attached: {}", list(&all)),
    };
    let typed_clean = text::clean(typed);
    let Some(phone) = profiles.named(typed) else {
        let names: Vec<&str> = profiles.phones().iter().map(|phone| phone.name.as_str()).collect();
        let what = format!("there is no device '{typed_clean}'; {there}");
        return Err(Error::input(
            what,
            format!("give local, the address of a phone, or a profile: {}", names.join(", ")),
        ));
    };
    let fits = |phone_attached: &&'a Attached| {
        let identity = phone_attached.identity.as_ref().ok()?;
        Some((*phone_attached, profiles.fit(phone, identity)?))
    };
    let fitting: Vec<_> = all.iter().filter_map(fits).collect();
    match fitting.as_slice() {
        [one] => Ok(*one),
        [] => {
            let remedy = match attached {
                [] => "attach it by USB with USB debugging on, or `adb connect` it (docs/phones.md)",
                _ if attached.iter().all(|phone| phone.identity.is_err()) => {
                    "unlock the phone and accept this computer (docs/phones.md)"
                }
                _ => "attach it, or give --device the address of the phone to use",
            };
            Err(Error::Device(format!("no {} is attached; {there}; {remedy}", phone.title)))
        }
        several => {
            let several: Vec<&Attached> = several.iter().map(|(phone, _)| *phone).collect();
            let first = text::clean(&typed_safely(&several[0].address));
            Err(Error::Device(format!(
                "{} phones are a {}: {}; give the address of one, such as --device {first}",
                several.len(),
                phone.title,
                list(&several)
            )))
        }
    }
}
