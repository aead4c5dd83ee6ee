//! `bench devices profiles`: the phones that are known by name.

use super::Outcome;
use crate::{
    cli::OutputFormat,
    device::profile::{CpuSet, Flavour, Phone, Profiles, Soc, big_cores},
    error::{Error, Result},
    show::{self, columns},
};
use serde::Serialize;
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
            let json =
                serde_json::to_string_pretty(&rows).map_err(|error| Error::Internal(error.to_string()))?;
            show::data(&(json + "\n"));
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
            show::clean(&row.soc.name),
            show::clean(&row.models.join(", ")),
        ]);
    }
    columns(&lines)
}
