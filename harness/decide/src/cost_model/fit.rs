//! One quantity's fit, with its errors on cells left out.

use super::{
    Curve, Extrapolation, Form, HeldOut, Observation, Proportions, Quantity,
    extrapolation::Known,
    held_out::{best, errors},
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

/// How predictions that extrapolate alike are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictor {
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
    /// How predictions are made, by how they extrapolate.
    pub predictors: BTreeMap<Extrapolation, Predictor>,
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
        let predictor = |extrapolation| {
            let errors = errors(quantity, observations, extrapolation);
            let held_out = HeldOut::of(quantity, observations, extrapolation);
            (extrapolation, Predictor { form: best(&errors), errors, held_out })
        };
        Some(Self {
            quantity,
            curves,
            predictors: Extrapolation::ALL.into_iter().map(predictor).collect(),
            cells: observations.len(),
            known: Known::of(observations),
        })
    }

    /// A prediction for a model of `params` billion parameters. Its interval is as wide as the errors
    /// on cells left out in the same way; for another model at a length beyond all, in both.
    pub fn predict(&self, model: &str, params: f64, tokens: f64) -> Prediction {
        self.predict_over(self.extrapolation(model, tokens), model, params, tokens)
    }

    /// The same, with the kind of extrapolation given.
    pub(super) fn predict_over(
        &self,
        extrapolation: Extrapolation,
        model: &str,
        params: f64,
        tokens: f64,
    ) -> Prediction {
        let value = self
            .curve(extrapolation)
            .map_or(f64::NAN, |curve| curve.figure(&Proportions::of(model, params), tokens));
        let width = |extrapolation: Extrapolation| {
            let distance = extrapolation.distance(&self.known, model, params, tokens);
            self.predictors.get(&extrapolation)?.held_out.range(distance)
        };
        let is_longer = tokens > SAME * self.known.tokens.1;
        let width = match extrapolation {
            Extrapolation::OtherModel if is_longer => width(extrapolation)
                .zip(width(Extrapolation::BeyondAll))
                .map(|(model, length)| model.hypot(length)),
            _ => width(extrapolation),
        };
        let outside = |value: f64, (low, high): (f64, f64)| value < low / SAME || value > high * SAME;
        Prediction {
            value,
            interval: width.map(|width| Interval { low: value * (-width).exp(), high: value * width.exp() }),
            extrapolated: outside(params, self.known.params) || outside(tokens, self.known.tokens),
        }
    }

    /// The curve that predictions are made by.
    pub fn curve(&self, extrapolation: Extrapolation) -> Option<&Curve> {
        let form = self.predictors.get(&extrapolation).map_or(Form::Parts, |predictor| predictor.form);
        self.curves.get(&form).or_else(|| self.curves.values().next())
    }

    fn extrapolation(&self, model: &str, tokens: f64) -> Extrapolation {
        match self.known.own.get(model) {
            None => Extrapolation::OtherModel,
            Some(most) if tokens <= SAME * most => Extrapolation::Between,
            Some(_) if tokens <= SAME * self.known.tokens.1 => Extrapolation::BeyondOwn,
            Some(_) => Extrapolation::BeyondAll,
        }
    }
}
