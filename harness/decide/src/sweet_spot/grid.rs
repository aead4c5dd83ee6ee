//! Every model at every context, measured, failed or predicted, one grid for each
//! device, backend and quantization.

use crate::cost_model::{CostModel, Prediction, Quantity, output_tokens, prompt_tokens};
use slm_protocol::Failure;
use slm_results::read::{Cell, Context, Estimate};
use slm_stats::{Interval, mean, median};
use std::collections::{BTreeMap, BTreeSet};

/// Where a point's figures come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A cell that was run.
    Measured,
    /// The cost model.
    Predicted {
        /// Outside the sizes or lengths measured.
        extrapolated: bool,
    },
    /// A cell of which no trial was completed.
    Failed(Option<Failure>),
}

/// A figure; predicted ones have an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// The figure.
    pub figure: f64,
    /// Where it may lie, if predicted.
    pub interval: Option<Interval>,
}

/// A model at a context.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Model name.
    pub model: String,
    /// Its parameters.
    pub params: u64,
    /// Context length.
    pub context: Context,
    /// Prompt tokens, about.
    pub tokens: f64,
    /// Where the figures come from.
    pub origin: Origin,
    /// Time to first token, seconds.
    pub ttft: Option<Value>,
    /// Request to last token, seconds.
    pub runtime: Option<Value>,
    /// Output tokens per second.
    pub otps: Option<Value>,
    /// Peak resident set, MiB.
    pub memory: Option<Value>,
    /// Joules per output token.
    pub energy: Option<Value>,
}

/// All points of one device, backend and quantization.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Device name.
    pub device: String,
    /// Engine.
    pub backend: String,
    /// Weight types.
    pub quant: String,
    /// Whether any weights are synthetic.
    pub synthetic: bool,
    /// The cost model fitted to it.
    pub costs: CostModel,
    /// Output tokens of an answer, median of the cells; runtimes are predicted for it.
    pub output_tokens: f64,
    /// By size, then context.
    pub points: Vec<Point>,
}

/// Groups cells and fills their grids. Cells without parameters are left out: they
/// have no place in an order of sizes.
pub fn groups(cells: &[Cell]) -> Vec<Group> {
    let mut by_setup: BTreeMap<(&str, &str, &str), Vec<&Cell>> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| cell.params.is_some()) {
        by_setup.entry((&cell.key.device, &cell.key.backend, &cell.key.quant)).or_default().push(cell);
    }
    by_setup
        .into_iter()
        .map(|((device, backend, quant), cells)| group([device, backend, quant], &cells))
        .collect()
}

fn group([device, backend, quant]: [&str; 3], cells: &[&Cell]) -> Group {
    let costs = CostModel::of(cells);
    let outputs: Vec<f64> = cells.iter().filter_map(|cell| output_tokens(cell)).collect();
    let mut group = Group {
        device: device.to_owned(),
        backend: backend.to_owned(),
        quant: quant.to_owned(),
        synthetic: cells.iter().any(|cell| cell.key.weights == "synthetic"),
        costs,
        output_tokens: median(&outputs).unwrap_or(64.0),
        points: Vec::new(),
    };
    let lengths = lengths(cells);
    let models: BTreeSet<(u64, &str)> =
        cells.iter().filter_map(|cell| Some((cell.params?, cell.key.model.as_str()))).collect();
    for (params, model) in models {
        let own = || cells.iter().filter(|cell| cell.key.model == model && cell.params == Some(params));
        for (&context, &tokens) in &lengths {
            let point = match own().find(|cell| cell.key.context == context) {
                Some(cell) => measured(cell, params, tokens),
                None => group.predicted(model, params, context, tokens),
            };
            group.points.push(point);
        }
    }
    group
}

/// Prompt tokens of each context, mean over models.
fn lengths(cells: &[&Cell]) -> BTreeMap<Context, f64> {
    let mut counts: BTreeMap<Context, Vec<f64>> = BTreeMap::new();
    for cell in cells {
        counts.entry(cell.key.context).or_default().extend(prompt_tokens(cell));
    }
    counts.into_iter().filter_map(|(context, counts)| Some((context, mean(&counts)?))).collect()
}

fn measured(cell: &Cell, params: u64, tokens: f64) -> Point {
    let value = |estimate: Option<Estimate>| estimate.map(|estimate| plain(estimate.mean));
    let has_figures = cell.ttft_s.is_some() || cell.itps.is_some() || cell.otps.is_some();
    Point {
        model: cell.key.model.clone(),
        params,
        context: cell.key.context,
        tokens: prompt_tokens(cell).unwrap_or(tokens),
        origin: if has_figures { Origin::Measured } else { Origin::Failed(cell.failure) },
        ttft: value(cell.ttft_s),
        runtime: value(cell.runtime_s),
        otps: value(cell.otps),
        memory: cell.rss_peak_mib.map(plain),
        energy: cell.energy_j_per_token.map(plain),
    }
}

fn plain(figure: f64) -> Value {
    Value { figure, interval: None }
}

impl Group {
    /// A point from the cost model; figures without a fit stay unknown.
    pub fn predicted(&self, model: &str, params: u64, context: Context, tokens: f64) -> Point {
        let predict = |quantity, tokens| self.costs.predict(quantity, model, params, tokens);
        let depth = tokens + 0.5 * self.output_tokens;
        let (ttft, tpot) = (predict(Quantity::Ttft, tokens), predict(Quantity::Tpot, depth));
        let steps = (self.output_tokens - 1.0).max(0.0);
        let runtime = ttft.zip(tpot).map(|(ttft, tpot)| Value {
            figure: ttft.value + steps * tpot.value,
            interval: ttft
                .interval
                .zip(tpot.interval)
                .map(|(a, b)| Interval { low: a.low + steps * b.low, high: a.high + steps * b.high }),
        });
        let value =
            |prediction: Prediction| Value { figure: prediction.value, interval: prediction.interval };
        let rate = |prediction: Prediction| Value {
            figure: 1.0 / prediction.value,
            interval: prediction.interval.map(|i| Interval { low: 1.0 / i.high, high: 1.0 / i.low }),
        };
        Point {
            model: model.to_owned(),
            params,
            context,
            tokens,
            origin: Origin::Predicted {
                extrapolated: [ttft, tpot].into_iter().flatten().any(|prediction| prediction.extrapolated),
            },
            ttft: ttft.map(value),
            runtime,
            otps: tpot.map(rate),
            memory: predict(Quantity::Memory, tokens).map(value),
            energy: predict(Quantity::Energy, depth).map(value),
        }
    }

    /// Predicts anew for another length of output.
    pub fn predict_for(&mut self, output_tokens: u32) {
        self.output_tokens = f64::from(output_tokens);
        let points = std::mem::take(&mut self.points);
        self.points = points
            .into_iter()
            .map(|point| match point.origin {
                Origin::Predicted { .. } => {
                    self.predicted(&point.model, point.params, point.context, point.tokens)
                }
                Origin::Measured | Origin::Failed(_) => point,
            })
            .collect();
    }

    /// The contexts, shortest first.
    pub fn contexts(&self) -> BTreeSet<Context> {
        self.points.iter().map(|point| point.context).collect()
    }
}
