//! The plots, one file each. A plot that would be empty is left out.

mod context;
mod font;
mod frame;
mod grid;
mod labels;
mod memory;
mod palette;
mod phases;
mod quantisation;
mod render;
mod scale;
mod scene;
mod size;
mod spread;
mod time;
mod tokens;

pub(crate) use font::FILE as FONT_FILE;
pub(crate) use render::{png, svg};
pub(crate) use scale::label;
pub(crate) use scene::Scene;

#[cfg(test)]
use scene::Mark;

use super::model::Model;
use std::collections::BTreeSet;

/// A plot with its words.
pub(crate) struct Plot {
    /// Stem of its file's name.
    pub(crate) name: String,
    /// What it shows, for those who cannot see it.
    pub(crate) title: String,
    /// How to read it.
    pub(crate) caption: String,
    /// The drawing.
    pub(crate) scene: Scene,
}

/// All plots that the figures allow, in the order of the report.
pub(crate) fn all(model: &Model) -> Vec<Plot> {
    let mut plots: Vec<Option<Plot>> = vec![size::plot(model)];
    plots.extend(context::KINDS.iter().map(|kind| context::plot(model, *kind)));
    plots.extend(quantisation::plots(model).into_iter().map(Some));
    plots.extend([phases::plot(model), memory::plot(model), tokens::plot(model)]);
    plots.extend(spread::KINDS.iter().map(|kind| spread::plot(model, kind)));
    plots.extend((0..model.runs.len()).take(time::MOST).map(|run| time::plot(model, run)));
    plots.into_iter().flatten().collect()
}

/// Device, engine, weights and threads of the figures in one line.
fn conditions(model: &Model) -> String {
    let each = |pick: &dyn Fn(&super::model::Subject) -> Option<String>| {
        let all: BTreeSet<String> = model.subjects.iter().filter_map(pick).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    let devices = each(&|subject| {
        let soc = subject.soc.as_ref().map(|soc| format!(" ({soc})")).unwrap_or_default();
        Some(format!("{}{soc}", subject.device))
    });
    let threads = each(&|subject| subject.threads.map(|n| n.to_string()));
    let threads = match threads.as_str() {
        "" => String::new(),
        "1" => "1 thread".into(),
        n => format!("{n} threads"),
    };
    let weights = match model.synthetic() {
        Some(true) => "synthetic weights",
        Some(false) => "",
        None => "some weights synthetic",
    };
    let quant = each(&|subject| Some(subject.quant.clone()));
    let backend = each(&|subject| Some(subject.backend.clone()));
    let parts = [devices.as_str(), &backend, &quant, weights, &threads];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests;
