//! Drawing: a scene of marks with axes, labels and panels, rendered to SVG and PNG. It
//! knows nothing of what is drawn.

pub(crate) mod font;
pub(crate) mod frame;
pub(crate) mod grid;
pub(crate) mod labels;
pub(crate) mod palette;
pub(crate) mod render;
pub(crate) mod scale;
pub(crate) mod scene;
