//! One quantity's fit, with its errors on cells left out.

use super::{
    Curve, Form, HeldOut, Observation, Proportions, Quantity, Reach,
    held_out::{best, errors},
    reach::Known,
};
use slm_stats::Interval;
use std::collections::BTreeMap;

/// Measured lengths and sizes are met to a thousandth.
const SAME: f64 = 1.001;

/// A figure that was not measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The figure.
    pub value: f64,
    /// Where nine of ten measurements lie around such predictions; `None` where too few could be
    /// held out to tell.
    pub interval: Option<Interval>,
    /// Whether size or length are outside of what was measured.
    pub extrapolated: bool,
}

/// How predictions that reach over something are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// By the form that does better there.
    pub form: Form,
    /// The median error on cells left out of each form by itself.
    pub errors: BTreeMap<Form, f64>,
    /// Errors on cells left out, the choice between the forms made without them too.
    pub held_out: HeldOut,
}

/// A fitted quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// What is fitted.
    pub quantity: Quantity,
    /// The fits, by form.
    pub curves: BTreeMap<Form, Curve>,
    /// How predictions are made, by what they reach over.
    pub reached: BTreeMap<Reach, Reached>,
    /// Cells fitted to.
    pub cells: usize,
    known: Known,
}

impl Fit {
    /// Fits; `None` with fewer than two cells.
    pub fn of(quantity: Quantity, observations: &[Observation]) -> Option<Self> {
        let curve = |form| Some((form, Curve::of(quantity, form, observations)?));
        let curves: BTreeMap<Form, Curve> = Form::ALL.into_iter().filter_map(curve).collect();
        if curves.is_empty() {
            return None;
        }
        let reached = |reach| {
            let errors = errors(quantity, observations, reach);
            let held_out = HeldOut::of(quantity, observations, reach);
            (reach, Reached { form: best(&errors), errors, held_out })
        };
        Some(Self {
            quantity,
            curves,
            reached: Reach::ALL.into_iter().map(reached).collect(),
            cells: observations.len(),
            known: Known::of(observations),
        })
    }

    /// A prediction for a model of `params` billion parameters. Its interval is as wide as the errors
    /// on cells left out that reached over the same; for another model at a length beyond all, over both.
    pub fn predict(&self, model: &str, params: f64, tokens: f64) -> Prediction {
        self.predict_over(self.reach(model, tokens), model, params, tokens)
    }

    /// The same, with what it reaches over given.
    pub(super) fn predict_over(&self, reach: Reach, model: &str, params: f64, tokens: f64) -> Prediction {
        let value =
            self.curve(reach).map_or(f64::NAN, |curve| curve.figure(&Proportions::of(model, params), tokens));
        let width = |reach: Reach| {
            let distance = reach.distance(&self.known, model, params, tokens);
            self.reached.get(&reach)?.held_out.range(distance)
        };
        let is_longer = tokens > SAME * self.known.tokens.1;
        let width = match reach {
            Reach::OtherModel if is_longer => {
                width(reach).zip(width(Reach::BeyondAll)).map(|(model, length)| model.hypot(length))
            }
            _ => width(reach),
        };
        let outside = |value: f64, (low, high): (f64, f64)| value < low / SAME || value > high * SAME;
        Prediction {
            value,
            interval: width.map(|width| Interval { low: value * (-width).exp(), high: value * width.exp() }),
            extrapolated: outside(params, self.known.params) || outside(tokens, self.known.tokens),
        }
    }

    /// The curve that predictions are made by.
    pub fn curve(&self, reach: Reach) -> Option<&Curve> {
        let form = self.reached.get(&reach).map_or(Form::Parts, |reached| reached.form);
        self.curves.get(&form).or_else(|| self.curves.values().next())
    }

    fn reach(&self, model: &str, tokens: f64) -> Reach {
        match self.known.own.get(model) {
            None => Reach::OtherModel,
            Some(most) if tokens <= SAME * most => Reach::Between,
            Some(_) if tokens <= SAME * self.known.tokens.1 => Reach::BeyondOwn,
            Some(_) => Reach::BeyondAll,
        }
    }
}
