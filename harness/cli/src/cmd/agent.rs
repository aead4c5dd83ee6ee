//! `bench agent`: building and listing the agents for phones.

use super::Outcome;
use crate::{
    args::{AgentCommand, OutputFormat},
    show,
};
use serde::Serialize;
use slm_device::agents::{
    self, Agent, AgentKind, AgentRecord, AgentStore, Feature, Flavour, Project, Toolchain,
};
use slm_plan::{error::Result, text};
use std::time::Instant;

/// One agent, as listed.
#[derive(Serialize)]
struct Row {
    flavour: Flavour,
    #[serde(skip)]
    kind: AgentKind,
    /// Whether this bench can use it.
    usable: bool,
    record: Option<AgentRecord>,
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
                let kind = AgentKind { flavour, feature: mlc.then_some(Feature::Mlc) };
                let start = Instant::now();
                let agent = agents::build(&project, &toolchain, kind, &show::agent_build)?;
                show::note(&format!("built in {}", text::seconds(start.elapsed().as_secs_f64())));
                rows.push(row(kind, Ok(agent)));
            }
            print(&rows, output.output)?;
        }
        AgentCommand::Prepare => {
            Toolchain::find(false)?.prepare(&Project::find()?, &show::agent_build)?;
            show::note("this machine can build agents for phones");
        }
        AgentCommand::List(output) => {
            let store = AgentStore::open()?;
            // One with a further engine is not missed where nobody built it.
            let kinds = AgentKind::all().filter(|kind| kind.feature.is_none() || store.path(*kind).exists());
            let rows: Vec<Row> = kinds.map(|kind| row(kind, store.find(kind))).collect();
            print(&rows, output.output)?;
        }
    }
    Ok(Outcome::Done)
}

fn row(kind: AgentKind, found: Result<Agent>) -> Row {
    match found {
        Ok(agent) => Row {
            flavour: kind.flavour,
            kind,
            usable: true,
            path: Some(agent.path.display().to_string()),
            record: Some(agent.record),
            problem: None,
        },
        Err(error) => {
            let flavour = kind.flavour;
            Row { flavour, kind, usable: false, record: None, path: None, problem: Some(error.to_string()) }
        }
    }
}

fn print(rows: &[Row], output: OutputFormat) -> Result<()> {
    if output == OutputFormat::Json {
        show::json(&rows)?;
        return Ok(());
    }
    for row in rows {
        let text = match (&row.record, &row.path, &row.problem) {
            (Some(record), Some(path), _) => format!(
                "{} {}, sha256 {}, {}",
                text::bytes(record.size),
                record.target,
                record.sha256.get(..12).unwrap_or_default(),
                text::clean(path)
            ),
            (_, _, problem) => text::clean(problem.as_deref().unwrap_or_default()),
        };
        show::data(&format!("{:<27} {text}\n", row.kind));
    }
    Ok(())
}
