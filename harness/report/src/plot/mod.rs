//! The plots, one file each. A plot that would be empty is left out.

mod context;
mod font;
mod frame;
mod grid;
mod labels;
mod memory;
mod palette;
mod phases;
mod quantization;
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

use super::{
    model::{Model, Subject},
    words,
};
use scene::{SMALL, WIDTH};
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
    plots.extend(quantization::plots(model).into_iter().map(Some));
    plots.extend([phases::plot(model), memory::plot(model), tokens::plot(model)]);
    plots.extend(spread::KINDS.iter().map(|kind| spread::plot(model, kind)));
    plots.into_iter().flatten().chain(time::plots(model)).collect()
}

/// Device, engine, weights and threads of all figures in one line.
fn conditions(model: &Model) -> String {
    conditions_of(model.subjects.iter())
}

/// The same of some subjects. Where it is too long for a plot, SoCs are left out: the
/// report names them elsewhere.
fn conditions_of<'a>(subjects: impl Iterator<Item = &'a Subject>) -> String {
    let subjects: Vec<&Subject> = subjects.collect();
    let each = |pick: &dyn Fn(&Subject) -> Option<String>| {
        let all: BTreeSet<String> = subjects.iter().copied().filter_map(pick).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    let threads = each(&|subject| subject.threads.map(|n| n.to_string()));
    let threads = match threads.as_str() {
        "" => String::new(),
        "1" => "1 thread".into(),
        n => format!("{n} threads"),
    };
    let synthetic = subjects.iter().filter(|subject| subject.weights == "synthetic").count();
    let weights = match synthetic {
        0 => "",
        n if n == subjects.len() => "synthetic weights",
        _ => "some weights synthetic",
    };
    let quant = each(&|subject| Some(subject.quant.clone()));
    let backend = each(&|subject| Some(subject.backend.clone()));
    let line = |devices: &str| {
        let parts = [devices, &backend, &quant, weights, &threads];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    let full = line(&words::devices(subjects.iter().copied()));
    let fits = font::width(&full, SMALL) <= WIDTH - 24.0;
    if fits { full } else { line(&each(&|subject| Some(subject.device.clone()))) }
}

#[cfg(test)]
mod tests;
