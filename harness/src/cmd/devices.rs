//! `bench devices`: what can be measured on.

use super::Outcome;
use crate::{
    cli::OutputFormat,
    device::{Device, Local},
    error::{Error, Result},
    show,
};
use serde::Serialize;

#[derive(Serialize)]
struct Row {
    name: &'static str,
    cpu: String,
    cores: u32,
    memory_bytes: u64,
    flavour: String,
    engines: Vec<String>,
}

/// Runs the command.
pub(super) fn run(output: OutputFormat) -> Result<Outcome> {
    let facts = Local::new()?.hello()?;
    let engines =
        facts.engines.iter().map(|engine| format!("{} {}", engine.engine.name(), engine.version)).collect();
    let row = Row {
        name: "local",
        cpu: facts.machine.cpu,
        cores: facts.machine.physical_cores,
        memory_bytes: facts.machine.memory_total,
        flavour: facts.flavour,
        engines,
    };
    match output {
        OutputFormat::Json => {
            let json =
                serde_json::to_string_pretty(&[row]).map_err(|error| Error::Internal(error.to_string()))?;
            show::data(&(json + "\n"));
        }
        OutputFormat::Text => {
            let header = ["device", "cores", "memory", "flavour", "cpu"].map(str::to_owned).to_vec();
            let memory = show::bytes(row.memory_bytes);
            let line = vec![
                row.name.to_owned(),
                row.cores.to_string(),
                memory,
                show::clean(&row.flavour),
                show::clean(&row.cpu),
            ];
            show::data(&show::columns(&[header, line]));
            show::data(&format!("engines: {}\n", show::clean(&row.engines.join(", "))));
        }
    }
    Ok(Outcome::Done)
}
