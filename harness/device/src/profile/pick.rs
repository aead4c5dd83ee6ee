//! Which of the attached phones a name stands for.

use super::{Identity, ProfileMatch, Profiles};
use crate::quote;
use slm_plan::error::{Error, Result};
use slm_plan::text;

/// An address for a command line, quoted if a shell could read it as more than a word.
fn shell_safe(address: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | '/');
    if address.chars().all(is_plain) { address.to_owned() } else { quote(address) }
}

/// An attached phone.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// An address that no other phone has: `serial:…` or `adb://host:port/serial`.
    pub address: String,
    /// Its properties, or in a few words why it cannot be asked (`unauthorized`, `offline`).
    pub identity: std::result::Result<Identity, String>,
}

impl Candidate {
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

/// The one attached phone that a name stands for.
///
/// # Errors
/// [`Error::Input`] for a name that no profile has; [`Error::Device`] when none or
/// several of the attached phones fit. Both list what is attached and what to type.
pub fn pick<'a, 'p>(
    profiles: &'p Profiles,
    typed: &str,
    attached: &'a [Candidate],
) -> Result<(&'a Candidate, ProfileMatch<'p>)> {
    let list = |phones: &[&Candidate]| {
        let labels: Vec<String> = phones.iter().map(|phone| phone.label(profiles)).collect();
        labels.join(", ")
    };
    let all: Vec<&Candidate> = attached.iter().collect();
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
    let fits = |phone_attached: &&'a Candidate| {
        let identity = phone_attached.identity.as_ref().ok()?;
        Some((*phone_attached, profiles.match_phone(phone, identity)?))
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
            let several: Vec<&Candidate> = several.iter().map(|(phone, _)| *phone).collect();
            let first = text::clean(&shell_safe(&several[0].address));
            Err(Error::Device(format!(
                "{} phones are a {}: {}; give the address of one, such as --device {first}",
                several.len(),
                phone.title,
                list(&several)
            )))
        }
    }
}
