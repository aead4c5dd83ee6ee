//! `bench report`: read results, write the report, print the verdict.

use super::Outcome;
use crate::{
    args::{OutputFormat, ReportArgs},
    show, tool,
};
use serde::Serialize;
use slm_plan::{
    error::{Error, Result},
    text,
};
use slm_report::{self as report, MadeBy};
use slm_results::read::common_name;
use std::path::Path;

#[derive(Serialize)]
struct Printed<'a> {
    html: &'a Path,
    markdown: &'a Path,
    plots: &'a [String],
    verdict: &'a [String],
    caveats: &'a [String],
}

/// Runs the command.
pub(super) fn run(args: &ReportArgs) -> Result<Outcome> {
    let model = report::read(&args.folders, args.baseline.as_deref(), args.max_runtime)?;
    let default = || Path::new("reports").join(common_name(&args.folders));
    let folder = args.out.clone().unwrap_or_else(default);
    let (tool, command) = (tool::facts(), tool::command_line());
    let written = report::write(&model, &folder, &MadeBy { tool: &tool, command: &command })?;
    let (verdict, caveats) = report::verdict(&model);
    match args.output.output {
        OutputFormat::Text => {
            let mut text = verdict.iter().map(|line| text::clean(line) + "\n").collect::<String>();
            if !caveats.is_empty() {
                text.push_str("\nBefore you rely on it:\n");
                text.extend(caveats.iter().map(|line| format!("- {}\n", text::clean(line))));
            }
            show::data(&text);
        }
        OutputFormat::Json => {
            let printed = Printed {
                html: &written.html,
                markdown: &written.markdown,
                plots: &written.plots,
                verdict: &verdict,
                caveats: &caveats,
            };
            let json = serde_json::to_string_pretty(&printed);
            show::data(&(json.map_err(|error| Error::Internal(error.to_string()))? + "\n"));
        }
    }
    let (html, markdown) = (written.html.display(), written.markdown.display());
    show::note(&format!("\nReport: {html}, {markdown}, {} plots", written.plots.len()));
    Ok(Outcome::Done)
}
