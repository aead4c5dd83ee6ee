//! The plots, one file each; the section that shows a plot calls it. A plot that would
//! be empty is `None`.

mod conditions;
pub(crate) mod context;
pub(crate) mod course;
pub(crate) mod memory;
pub(crate) mod phases;
mod plot;
pub(crate) mod quantization;
mod sensors;
pub(crate) mod size;
pub(crate) mod spread;
pub(crate) mod tokens;

pub(crate) use plot::Plot;

#[cfg(test)]
mod tests;
