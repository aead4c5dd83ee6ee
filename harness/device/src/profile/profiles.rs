//! The known profiles: those built in, and the user's own, which go before them.

use super::{Identity, Phone, Soc, Variant, file::ProfileFile};
use slm_plan::{
    error::{Error, Result},
    plain_text,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

const BUILT_IN: [(&str, &str); 5] = [
    ("galaxy-s23.toml", include_str!("../../profiles/galaxy-s23.toml")),
    ("galaxy-s24.toml", include_str!("../../profiles/galaxy-s24.toml")),
    ("galaxy-s25.toml", include_str!("../../profiles/galaxy-s25.toml")),
    ("galaxy-a55.toml", include_str!("../../profiles/galaxy-a55.toml")),
    ("pixel.toml", include_str!("../../profiles/pixel.toml")),
];

/// Largest profile that is read, bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// All known phones and SoCs. Every variant's SoC is among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Profiles {
    socs: Vec<Soc>,
    phones: Vec<Phone>,
}

/// The profile that fits a phone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfileMatch<'a> {
    /// The phone.
    pub phone: &'a Phone,
    /// Its SoC; `None` where the phone reports one that the profile does not have.
    pub soc: Option<&'a Soc>,
}

impl Profiles {
    /// The profiles built in.
    ///
    /// # Errors
    /// [`Error::Input`] when one is wrong, which a test rules out.
    pub fn built_in() -> Result<Self> {
        Self::load(&[])
    }

    /// The profiles built in and those of the user's files. A folder stands for the
    /// `.toml` files in it; a name that is there already is replaced.
    ///
    /// # Errors
    /// [`Error::Input`] that names file and field.
    pub fn load(paths: &[PathBuf]) -> Result<Self> {
        let mut all = Self { socs: Vec::new(), phones: Vec::new() };
        for (name, text) in BUILT_IN {
            all.add(ProfileFile::parse(text, &format!("the built-in {name}"))?);
        }
        for file in files(paths)? {
            let text = plain_text::read(&file, MAX_FILE_BYTES).map_err(|error| Error::text(&error))?;
            let parsed = ProfileFile::parse(&text, &file.display().to_string())?;
            all.check_socs(&parsed, &file)?;
            all.add(parsed);
        }
        Ok(all)
    }

    fn check_socs(&self, file: &ProfileFile, path: &Path) -> Result<()> {
        let known = |name: &str| file.soc.iter().chain(&self.socs).any(|soc| soc.name == name);
        for phone in &file.phone {
            if let Some(variant) = phone.variants.iter().find(|variant| !known(&variant.soc)) {
                let what = format!(
                    "{}: phone '{}': no [[soc]] is named '{}'",
                    path.display(),
                    phone.name,
                    variant.soc
                );
                return Err(Error::input(what, "add it, or name one that `bench devices profiles` lists"));
            }
        }
        Ok(())
    }

    /// Later ones go first, and take the place of those with their name.
    fn add(&mut self, file: ProfileFile) {
        self.socs.retain(|old| file.soc.iter().all(|new| new.name != old.name));
        self.phones.retain(|old| file.phone.iter().all(|new| new.name != old.name));
        self.socs.splice(0..0, file.soc);
        self.phones.splice(0..0, file.phone);
    }

    /// The phones, by name.
    pub fn phones(&self) -> Vec<&Phone> {
        let mut phones: Vec<&Phone> = self.phones.iter().collect();
        phones.sort_by(|a, b| a.name.cmp(&b.name));
        phones
    }

    /// The SoC of a variant.
    pub fn soc(&self, variant: &Variant) -> Option<&Soc> {
        self.socs.iter().find(|soc| soc.name == variant.soc)
    }

    /// The phone of a name as typed: `s24+`, `S24 Ultra`, `Galaxy S24`.
    pub fn named(&self, typed: &str) -> Option<&Phone> {
        let wanted = normal_name(typed);
        let is = |name: &String| normal_name(name) == wanted;
        self.phones.iter().find(|phone| is(&phone.name) || phone.aliases.iter().any(is) || is(&phone.title))
    }

    /// The profile that fits a phone's properties. The SoC decides between variants,
    /// since that is what differs; the model does where the SoC is not reported.
    pub fn find(&self, identity: &Identity) -> Option<ProfileMatch<'_>> {
        self.phones.iter().find_map(|phone| self.match_phone(phone, identity))
    }

    /// Whether, and with which SoC, a phone is of a profile.
    pub fn match_phone<'a>(&'a self, phone: &'a Phone, identity: &Identity) -> Option<ProfileMatch<'a>> {
        let variant = phone.variants.iter().find(|variant| variant.fits(identity))?;
        let soc = if identity.soc_model.is_none() {
            self.soc(variant)
        } else {
            let mut socs = phone.variants.iter().filter_map(|variant| self.soc(variant));
            socs.find(|soc| soc.fits(identity))
        };
        Some(ProfileMatch { phone, soc })
    }
}

impl Variant {
    fn fits(&self, identity: &Identity) -> bool {
        let model = identity.model.as_deref().unwrap_or_default();
        let device = identity.device.as_deref().unwrap_or_default();
        self.models.iter().any(|pattern| matches(pattern, model))
            || self.devices.iter().any(|known| known.eq_ignore_ascii_case(device))
    }
}

impl Soc {
    fn fits(&self, identity: &Identity) -> bool {
        let is = |known: &[String], reported: &Option<String>| {
            reported
                .as_ref()
                .is_none_or(|reported| known.iter().any(|known| known.eq_ignore_ascii_case(reported)))
        };
        is(&self.models, &identity.soc_model)
            && (self.manufacturers.is_empty() || is(&self.manufacturers, &identity.soc_manufacturer))
    }
}

/// Whether a text is that of a pattern, or begins with it where it ends in `*`.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(text),
    }
}

/// A name without what people write differently: case, blanks, hyphens, the maker.
/// `S24+`, `s24 plus` and `Samsung Galaxy S24-Plus` are one.
pub fn normal_name(typed: &str) -> String {
    let text = typed.to_lowercase().replace('+', " plus");
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_'));
    let words = words.filter(|word| !matches!(*word, "samsung" | "galaxy" | "google" | "5g"));
    words.collect()
}

fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path).map_err(|error| Error::reading(path, &error))?;
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| file.extension().is_some_and(|extension| extension == "toml"))
            .collect();
        if found.is_empty() {
            return Err(Error::input(
                format!("{} has no .toml file", path.display()),
                "give a profile or a folder of them",
            ));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}
