//! `bench devices profiles`: the phones that are known by name.

use super::Outcome;
use crate::{args::OutputFormat, show};
use serde::Serialize;
use slm_device::profile::{CpuSet, Flavour, Phone, Profiles, Soc, big_cores};
use slm_plan::{
    error::Result,
    text::{clean, columns},
};
use std::path::PathBuf;

/// A phone with one SoC that it is sold with.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    title: &'a str,
    models: &'a [String],
    ram_gib: &'a [u32],
    big_cores: CpuSet,
    agent: Flavour,
    soc: &'a Soc,
}

/// Runs the command.
pub(super) fn run(files: &[PathBuf], output: OutputFormat) -> Result<Outcome> {
    let profiles = Profiles::load(files)?;
    let phones = profiles.phones();
    let rows: Vec<Row> = phones.iter().flat_map(|phone| rows(&profiles, phone)).collect();
    match output {
        OutputFormat::Json => {
            show::json(&rows)?;
        }
        OutputFormat::Text => show::data(&text(&rows)),
    }
    Ok(Outcome::Done)
}

fn rows<'a>(profiles: &'a Profiles, phone: &'a Phone) -> impl Iterator<Item = Row<'a>> {
    phone.variants.iter().filter_map(|variant| {
        let soc = profiles.soc(variant)?;
        Some(Row {
            name: &phone.name,
            title: &phone.title,
            models: &variant.models,
            ram_gib: &phone.ram_gib,
            big_cores: big_cores(&soc.clusters),
            agent: soc.agent,
            soc,
        })
    })
}

fn text(rows: &[Row]) -> String {
    let mut lines =
        vec![["phone", "cores", "runs on", "RAM, GiB", "SoC", "models"].map(str::to_owned).to_vec()];
    for row in rows {
        let cores: u32 = row.soc.clusters.iter().map(|cluster| cluster.cpus.len()).sum();
        let ram: Vec<String> = row.ram_gib.iter().map(u32::to_string).collect();
        lines.push(vec![
            row.name.to_owned(),
            cores.to_string(),
            row.big_cores.to_string(),
            ram.join(", "),
            clean(&row.soc.name),
            clean(&row.models.join(", ")),
        ]);
    }
    columns(&lines)
}
