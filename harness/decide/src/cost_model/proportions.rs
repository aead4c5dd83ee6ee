//! The properties of a model, beyond its parameter count, that its cost depends on.
//! Models of equal size differ: embeddings are not multiplied with prompt tokens, and
//! many narrow layers cost more than a few wide ones.

use slm_models::{Catalogue, Shape};
use slm_stats::Line;
use std::sync::OnceLock;

/// A model's size by its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportions {
    /// Parameters, billions.
    pub params: f64,
    /// Of these, what every prompt token is multiplied with: all but the tables of
    /// embeddings and output.
    pub body: f64,
    /// Layers times width, millions.
    pub width: f64,
    /// Layers times the width of the queries, millions.
    pub attention: f64,
}

impl Proportions {
    /// Of a catalogue model by its shape, of another one by what is typical of its
    /// size. `params` are in billions.
    pub fn of(model: &str, params: f64) -> Self {
        match Catalogue::builtin().find(model) {
            Ok(entry) => Self::of_shape(&entry.shape, params),
            Err(_) => Self::typical(params),
        }
    }

    fn of_shape(shape: &Shape, params: f64) -> Self {
        let layers = f64::from(shape.layers());
        let queries: f64 =
            (0..shape.layers()).map(|layer| f64::from(shape.heads().at(layer) * shape.head_dim())).sum();
        Self {
            params,
            body: body(params, tables(shape)),
            width: layers * f64::from(shape.d_model()) / 1e6,
            attention: queries / 1e6,
        }
    }

    /// Typical proportions at this size: straight lines through the catalogue, in
    /// logarithms.
    pub fn typical(params: f64) -> Self {
        static LINES: OnceLock<[Line; 3]> = OnceLock::new();
        let [tables, width, attention] = LINES.get_or_init(|| {
            let shapes: Vec<(&Shape, f64)> = Catalogue::builtin()
                .entries()
                .iter()
                .map(|entry| (&entry.shape, entry.params_reported as f64 / 1e9))
                .collect();
            let line = |part: fn(&Shape) -> f64| {
                let logs: Vec<(f64, f64)> =
                    shapes.iter().map(|(shape, params)| (params.ln(), part(shape).ln())).collect();
                Line::through(&logs).unwrap_or(Line { intercept: 0.0, slope: 0.0 })
            };
            [
                line(tables),
                line(|shape| Self::of_shape(shape, 1.0).width),
                line(|shape| Self::of_shape(shape, 1.0).attention),
            ]
        });
        let at = |line: &Line| line.at(params.ln()).exp();
        Self { params, body: body(params, at(tables)), width: at(width), attention: at(attention) }
    }
}

/// Parameters of the embedding and output tables, billions.
fn tables(shape: &Shape) -> f64 {
    let table = f64::from(shape.vocab()) * f64::from(shape.embedding_width());
    table * if shape.tied() { 1.0 } else { 2.0 } / 1e9
}

/// Parameters outside the tables; at least a fifth, for counts that exclude the
/// tables and for sizes below all known shapes.
fn body(params: f64, tables: f64) -> f64 {
    (params - tables).max(0.2 * params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_model_has_its_own_proportions() {
        let slimlm = Proportions::of("slimlm-125m", 0.125_311_488);
        // 12 layers of 768; 50,368 x 768 embeddings, tied.
        assert!((slimlm.body - (0.125_311_488 - 0.038_682_624)).abs() < 1e-12, "{slimlm:?}");
        assert!((slimlm.width - 0.009_216).abs() < 1e-12 && (slimlm.attention - 0.009_216).abs() < 1e-12);
    }

    #[test]
    fn typical_proportions_grow_with_size() {
        let sizes: Vec<Proportions> = (0..60).map(|i| Proportions::typical(0.001 * 1.3f64.powi(i))).collect();
        for pair in sizes.windows(2) {
            assert!(pair[0].body < pair[1].body && pair[0].width < pair[1].width, "{pair:?}");
            assert!(pair[0].body <= pair[0].params);
        }
        // An 8 B model has 32 layers of 4,096; the line passes within a third.
        let width = Proportions::typical(8.0).width;
        assert!((0.67..1.5).contains(&(width / 0.131)), "{width}");
    }
}
