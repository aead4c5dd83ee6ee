//! A file of profiles, as written: `[[soc]]` and `[[phone]]` tables, strictly read.

use super::{Cluster, CpuSet, Flavour, big_cores};
use serde::{Deserialize, Serialize};
use slm_plan::error::{Error, Result};

/// A system on a chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Soc {
    /// Name that phones refer to.
    pub name: String,
    /// Name as its maker writes it.
    pub title: String,
    /// Values of `ro.soc.model`.
    pub models: Vec<String>,
    /// Values of `ro.soc.manufacturer`; any, where none is given.
    #[serde(default)]
    pub manufacturers: Vec<String>,
    /// The agent that its slowest core can run.
    pub agent: Flavour,
    /// Its clusters, in the order of the CPUs' numbers.
    pub clusters: Vec<Cluster>,
}

/// A phone, whatever its SoC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// Name, as `--device` takes it and the tables show it.
    pub name: String,
    /// Name as its maker writes it.
    pub title: String,
    /// Other names, as people type them.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Sizes of RAM it is sold with, GiB.
    pub ram_gib: Vec<u32>,
    /// Its builds, each with one SoC.
    pub variants: Vec<Variant>,
}

/// A phone with one of its SoCs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Values of `ro.product.model`; one that ends in `*` stands for all that begin so.
    pub models: Vec<String>,
    /// Values of `ro.product.device`.
    #[serde(default)]
    pub devices: Vec<String>,
    /// Name of the SoC.
    pub soc: String,
}

/// All tables of a file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    #[serde(default)]
    pub(super) soc: Vec<Soc>,
    #[serde(default)]
    pub(super) phone: Vec<Phone>,
}

impl ProfileFile {
    /// Reads and checks a file's text; `origin` is its name, for errors.
    pub(super) fn parse(text: &str, origin: &str) -> Result<Self> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            let location = line.map_or_else(|| origin.to_owned(), |line| format!("{origin}, line {line}"));
            let what = error.message().replace('\n', " ");
            Error::input(format!("{location}: {what}"), "correct it as docs/phones.md describes")
        })?;
        file.check().map_err(|what| {
            Error::input(format!("{origin}: {what}"), "correct it as docs/phones.md describes")
        })?;
        Ok(file)
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.soc.is_empty() && self.phone.is_empty() {
            return Err("no [[soc]] and no [[phone]]".into());
        }
        self.soc
            .iter()
            .try_for_each(|soc| soc.check().map_err(|what| format!("soc '{}': {what}", soc.name)))?;
        self.phone
            .iter()
            .try_for_each(|phone| phone.check().map_err(|what| format!("phone '{}': {what}", phone.name)))
    }
}

impl Soc {
    fn check(&self) -> std::result::Result<(), String> {
        plain_name(&self.name)?;
        filled("models", &self.models)?;
        let mut seen = CpuSet::default();
        for cluster in &self.clusters {
            if cluster.cpus.is_empty() || cluster.cpus.overlaps(seen) {
                return Err(format!("clusters: a CPU of '{}' is missing or named twice", cluster.cpus));
            }
            if !cluster.max_mhz.is_some_and(|mhz| (100.0..=10_000.0).contains(&mhz)) {
                return Err(format!("clusters: max_mhz of '{}' is not from 100 to 10000", cluster.cpus));
            }
            seen = seen.union(cluster.cpus);
        }
        // CPUs are numbered without gaps: one that is forgotten would never be used.
        if seen.is_empty() || seen.mask().trailing_ones() != seen.len() {
            return Err(format!("clusters: '{seen}' are not all CPUs from 0 up"));
        }
        if big_cores(&self.clusters).is_empty() {
            return Err("clusters: all are little; call the fastest big".into());
        }
        Ok(())
    }
}

impl Phone {
    fn check(&self) -> std::result::Result<(), String> {
        plain_name(&self.name)?;
        if self.ram_gib.is_empty() || self.ram_gib.iter().any(|gib| !(1..=64).contains(gib)) {
            return Err("ram_gib is not a list of sizes from 1 to 64".into());
        }
        if self.variants.is_empty() {
            return Err("variants is empty".into());
        }
        self.variants.iter().try_for_each(|variant| filled("models", &variant.models))
    }
}

fn plain_name(name: &str) -> std::result::Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(plain) || name.starts_with('-') {
        return Err("a name has lower-case letters, digits and hyphens only".into());
    }
    Ok(())
}

fn filled(field: &str, values: &[String]) -> std::result::Result<(), String> {
    // A lone `*` would match every phone there is.
    if values.is_empty() || values.iter().any(|value| value.trim_end_matches('*').trim().len() < 2) {
        return Err(format!("{field} is empty or has an entry that is too short"));
    }
    Ok(())
}
