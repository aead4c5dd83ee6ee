//! A plot with its texts.

use crate::draw::scene::Scene;
use serde::Serialize;

/// A plot with its texts.
#[derive(Debug, Serialize)]
pub(crate) struct Plot {
    /// Stem of its file's name.
    pub(crate) name: String,
    /// What it shows, for those who cannot see it.
    pub(crate) title: String,
    /// How to read it.
    pub(crate) caption: String,
    /// The drawing.
    #[serde(skip)]
    pub(crate) scene: Scene,
    /// The drawing as SVG, once it is rendered; plotters has escaped its texts.
    pub(crate) svg: String,
}

impl Plot {
    /// A plot that is not rendered yet.
    pub(crate) fn new(
        name: impl Into<String>,
        title: impl Into<String>,
        caption: impl Into<String>,
        scene: Scene,
    ) -> Self {
        Self { name: name.into(), title: title.into(), caption: caption.into(), scene, svg: String::new() }
    }
}
