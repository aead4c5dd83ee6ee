//! Writes a report's files.

use super::{
    MadeBy,
    html::{self, Drawing},
    markdown,
    model::Model,
    plot::{self, Plot},
    view,
};
use slm_plan::error::{Error, Result};
use std::{
    fs,
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
    /// The plots' stems, in their order; each is there as SVG and PNG under `plots/`.
    pub plots: Vec<String>,
}

/// Writes `report.html`, `report.md` and `plots/` into a folder, which is made if
/// need be.
///
/// # Errors
/// [`Error::Input`] when the folder cannot be written.
pub fn write(model: &Model, folder: &Path, made_by: &MadeBy<'_>) -> Result<Written> {
    let folder_of_plots = folder.join("plots");
    fs::create_dir_all(&folder_of_plots).map_err(|error| Error::unwritable(&folder_of_plots, &error))?;
    let plots = plot::all(model);
    let drawings = draw(&plots, &folder_of_plots)?;
    let view = view::view(model, &plots, made_by);
    let (html, markdown) = (folder.join("report.html"), folder.join("report.md"));
    put(&html, html::render(&view, &drawings)?.as_bytes())?;
    put(&markdown, markdown::render(&view, &plots)?.as_bytes())?;
    Ok(Written { html, markdown, plots: plots.into_iter().map(|plot| plot.name).collect() })
}

/// Writes every plot as SVG and PNG, on all cores: a report has some dozen.
fn draw(plots: &[Plot], folder: &Path) -> Result<Vec<Drawing>> {
    let next = Mutex::new(0..plots.len());
    let done: Mutex<Vec<(usize, Result<Drawing>)>> = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(8);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(index) = next.lock().ok().and_then(|mut next| next.next()) {
                    let drawn = draw_one(&plots[index], folder);
                    if let Ok(mut done) = done.lock() {
                        done.push((index, drawn));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, drawing)| drawing).collect()
}

fn draw_one(plot: &Plot, folder: &Path) -> Result<Drawing> {
    let svg = plot::svg(&plot.scene)?;
    put(&folder.join(format!("{}.svg", plot.name)), svg.as_bytes())?;
    put(&folder.join(format!("{}.png", plot.name)), &plot::png(&plot.scene)?)?;
    Ok(Drawing { title: plot.title.clone(), caption: plot.caption.clone(), svg })
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| Error::unwritable(path, &error))
}
