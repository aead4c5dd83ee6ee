//! `bench agent`: building and listing the agents for phones.

use super::Outcome;
use crate::{
    agent::{self, Agent, Edition, Feature, Flavour, Project, Shelf, Toolchain},
    cli::{AgentCommand, OutputFormat},
    error::{Error, Result},
    show,
};
use serde::Serialize;
use std::time::Instant;

/// One agent, as listed.
#[derive(Serialize)]
struct Row {
    flavour: Flavour,
    #[serde(skip)]
    edition: Edition,
    /// Whether this bench can use it.
    usable: bool,
    manifest: Option<agent::Manifest>,
    path: Option<String>,
    /// Why it is not usable, and the remedy.
    problem: Option<String>,
}

/// Runs the command.
pub(super) fn run(command: &AgentCommand) -> Result<Outcome> {
    match command {
        AgentCommand::Build { flavour, ndk, mlc, output } => {
            let project = Project::find()?;
            let toolchain = Toolchain::find(*ndk)?;
            let mut wanted = if flavour.is_empty() { Flavour::ALL.to_vec() } else { flavour.clone() };
            wanted.sort_unstable();
            wanted.dedup();
            let mut rows = Vec::new();
            for flavour in wanted {
                let edition = Edition { flavour, feature: mlc.then_some(Feature::Mlc) };
                show::note(&format!("building the agent for {edition} phones"));
                let start = Instant::now();
                let agent = agent::build(&project, &toolchain, edition)?;
                show::note(&format!("built in {}", show::seconds(start.elapsed().as_secs_f64())));
                rows.push(row(edition, Ok(agent)));
            }
            print(&rows, output.output)?;
        }
        AgentCommand::Prepare => {
            Toolchain::find(false)?.prepare(&Project::find()?)?;
            show::note("this machine can build agents for phones");
        }
        AgentCommand::List(output) => {
            let shelf = Shelf::open()?;
            // One with a further engine is not missed where nobody built it.
            let editions =
                Edition::all().filter(|edition| edition.feature.is_none() || shelf.path(*edition).exists());
            let rows: Vec<Row> = editions.map(|edition| row(edition, shelf.find(edition))).collect();
            print(&rows, output.output)?;
        }
    }
    Ok(Outcome::Done)
}

fn row(edition: Edition, found: Result<Agent>) -> Row {
    match found {
        Ok(agent) => Row {
            flavour: edition.flavour,
            edition,
            usable: true,
            path: Some(agent.path.display().to_string()),
            manifest: Some(agent.manifest),
            problem: None,
        },
        Err(error) => {
            let flavour = edition.flavour;
            Row {
                flavour,
                edition,
                usable: false,
                manifest: None,
                path: None,
                problem: Some(error.to_string()),
            }
        }
    }
}

fn print(rows: &[Row], output: OutputFormat) -> Result<()> {
    if output == OutputFormat::Json {
        let json = serde_json::to_string_pretty(rows).map_err(|error| Error::Internal(error.to_string()))?;
        show::data(&(json + "\n"));
        return Ok(());
    }
    for row in rows {
        let text = match (&row.manifest, &row.path, &row.problem) {
            (Some(manifest), Some(path), _) => format!(
                "{} {}, sha256 {}, {}",
                show::bytes(manifest.size),
                manifest.target,
                manifest.sha256.get(..12).unwrap_or_default(),
                show::clean(path)
            ),
            (_, _, problem) => show::clean(problem.as_deref().unwrap_or_default()),
        };
        show::data(&format!("{:<27} {text}\n", row.edition));
    }
    Ok(())
}
