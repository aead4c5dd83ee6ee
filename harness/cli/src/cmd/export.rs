//! `bench export`: the tables of results in another format.

use super::Outcome;
use crate::{
    args::{ExportArgs, ExportFormat, OutputFormat},
    show,
};
use slm_plan::{
    error::{Error, Result},
    text,
};
use slm_results::export;
use slm_results::read::common_name;
use std::path::Path;

/// Runs the command.
pub(super) fn run(args: &ExportArgs) -> Result<Outcome> {
    let default = || Path::new("exports").join(common_name(&args.folders));
    let folder = args.out.clone().unwrap_or_else(default);
    let files = match args.format {
        ExportFormat::Parquet => export::write(&args.folders, &folder)?,
    };
    match args.output.output {
        OutputFormat::Text => {
            let mut rows = vec![["file", "rows", "size"].map(str::to_owned).to_vec()];
            for file in &files {
                let path = text::clean(&file.path.display().to_string());
                rows.push(vec![path, file.rows.to_string(), text::bytes(file.bytes)]);
            }
            show::data(&text::columns(&rows));
        }
        OutputFormat::Json => {
            let json = serde_json::to_string_pretty(&files);
            show::data(&(json.map_err(|error| Error::Internal(error.to_string()))? + "\n"));
        }
    }
    Ok(Outcome::Done)
}
