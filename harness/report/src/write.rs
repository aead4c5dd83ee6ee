//! Writes a report's files.

use crate::{
    MadeBy,
    data::ReportData,
    draw::render::{png, svg},
    html, markdown,
    plots::Plot,
    view::{self, View},
};
use slm_plan::error::{Error, Result};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The page.
    pub html: PathBuf,
    /// The Markdown.
    pub markdown: PathBuf,
    /// The plots' names in the order of the page; each is an SVG and a PNG under `plots/`.
    pub plots: Vec<String>,
}

/// Writes `report.html`, `report.md` and `plots/` into a folder, which is created if
/// need be.
///
/// # Errors
/// [`Error::Input`] when the folder cannot be written.
pub fn write(data: &ReportData, folder: &Path, made_by: &MadeBy<'_>) -> Result<Written> {
    let plots = folder.join("plots");
    fs::create_dir_all(&plots).map_err(|error| Error::unwritable(&plots, &error))?;
    let mut view = view::view(data, made_by);
    render_plots(&mut view, &plots)?;
    let (html, markdown) = (folder.join("report.html"), folder.join("report.md"));
    put(&html, html::render(&view)?.as_bytes())?;
    put(&markdown, markdown::render(&view)?.as_bytes())?;
    let plots = view.sections.into_iter().flat_map(|section| section.plots).map(|plot| plot.name).collect();
    Ok(Written { html, markdown, plots })
}

/// Renders every plot and writes it as SVG and PNG, on all cores: a report has some dozen.
fn render_plots(view: &mut View, folder: &Path) -> Result<()> {
    let plots = Mutex::new(view.sections.iter_mut().flat_map(|section| &mut section.plots));
    let next = || plots.lock().ok().and_then(|mut plots| plots.next());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(8);
    thread::scope(|scope| {
        let render = || {
            while let Some(plot) = next() {
                render_plot(plot, folder, Error::unwritable)?;
            }
            Ok(())
        };
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(render)).collect();
        let panicked = |_| Err(Error::Internal("a plot could not be drawn".into()));
        running.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(panicked))
    })
}

/// Renders a plot and writes it as SVG and PNG. `unwritable` tells of a folder that cannot be written, with its
/// remedy.
pub(crate) fn render_plot(
    plot: &mut Plot,
    folder: &Path,
    unwritable: fn(&Path, &io::Error) -> Error,
) -> Result<()> {
    let write = |extension: &str, bytes: &[u8]| {
        let path = folder.join(format!("{}.{extension}", plot.name));
        fs::write(&path, bytes).map_err(|error| unwritable(&path, &error))
    };
    let drawn = svg(&plot.scene)?;
    write("svg", drawn.as_bytes())?;
    write("png", &png(&plot.scene)?)?;
    plot.svg = drawn;
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::unwritable(path, &error))
}
