//! Writes a history's plots.

use super::plot;
use crate::write::render_plot;
use slm_decide::history::History;
use slm_plan::error::{Error, Result};
use std::{fs, path::Path};

/// Writes a plot of every metric into a folder, which is created if need be, as SVG and PNG.
/// Returns the plots' names.
///
/// # Errors
/// [`Error::Input`] when the folder cannot be written.
pub fn write(history: &History, folder: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let mut plots = plot::plots(history);
    for plot in &mut plots {
        render_plot(plot, folder, unwritable)?;
    }
    Ok(plots.into_iter().map(|plot| plot.name).collect())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::input(
        format!("cannot write to {}: {error}", path.display()),
        "choose a writable folder with --plot",
    )
}
