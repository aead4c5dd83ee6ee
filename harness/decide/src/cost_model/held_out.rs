//! Errors on cells that a fit has not seen. The choice between the forms is made anew without
//! them too (nested cross-validation: Varma and Simon 2006, BMC Bioinformatics 7), so that it does
//! not flatter the errors.

use super::{Curve, Extrapolation, Form, Observation, Quantity, extrapolation::Known};
use slm_stats::{median, student_quantile_90};
use std::collections::BTreeMap;

/// Share of cells that a range shall hold.
const HELD: f64 = 0.9;

/// A cell that was left out.
#[derive(Clone, Debug, PartialEq)]
struct LeftOut {
    model: String,
    /// ln(measurement / prediction).
    error: f64,
    /// How far it lay beyond the cells kept.
    distance: f64,
}

/// How well predictions that extrapolate alike do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeldOut {
    cells: Vec<LeftOut>,
    /// Whether each cell is a case of its own, or all of a model are one.
    cells_count: bool,
}

impl HeldOut {
    /// Leaves cells out turn by turn, each time choosing the form anew among what is kept.
    pub(super) fn of(quantity: Quantity, observations: &[Observation], extrapolation: Extrapolation) -> Self {
        let choose = |kept: &[Observation]| best(&errors(quantity, kept, extrapolation));
        Self {
            cells: left_out(quantity, observations, extrapolation, &choose),
            cells_count: extrapolation == Extrapolation::Between,
        }
    }

    /// How many cells were left out.
    pub fn count(&self) -> usize {
        self.cells.len()
    }

    /// Median of |prediction / measurement - 1|.
    pub fn error(&self) -> Option<f64> {
        median(&self.cells.iter().map(|cell| ((-cell.error).exp() - 1.0).abs()).collect::<Vec<_>>())
    }

    /// The logarithm of the factor around a prediction within which nine of ten measurements lie, for
    /// one at such a distance: the wider of two estimates. The errors' own quantile with the
    /// correction for few of them (conformal prediction: Lei et al. 2018, JASA 113), where there are nine
    /// or more; and Student's t with as many degrees of freedom as there are independent
    /// cases, cells or models, times their root mean square. Beyond the distances
    /// that were left out it grows in proportion. `None` with fewer than two cases.
    pub(super) fn range(&self, distance: f64) -> Option<f64> {
        let width = self.by_student()?.max(self.by_rank().unwrap_or(0.0));
        let furthest = self.cells.iter().map(|cell| cell.distance).fold(0.0, f64::max);
        let stretch = if furthest > 0.0 { (distance / furthest).max(1.0) } else { 1.0 };
        Some(width * stretch)
    }

    fn by_student(&self) -> Option<f64> {
        let mut cases: BTreeMap<(&str, usize), Vec<f64>> = BTreeMap::new();
        for (index, cell) in self.cells.iter().enumerate() {
            let case = (cell.model.as_str(), if self.cells_count { index } else { 0 });
            cases.entry(case).or_default().push(cell.error.powi(2));
        }
        if cases.len() < 2 {
            return None;
        }
        let n = cases.len() as f64;
        let square = cases.values().map(|case| case.iter().sum::<f64>() / case.len() as f64).sum::<f64>() / n;
        // The prediction's own error comes on top of theirs.
        Some(student_quantile_90(n) * (square * (1.0 + 1.0 / n)).sqrt())
    }

    fn by_rank(&self) -> Option<f64> {
        let mut errors: Vec<f64> = self.cells.iter().map(|cell| cell.error.abs()).collect();
        errors.sort_by(f64::total_cmp);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred cells")]
        let rank = (HELD * (errors.len() + 1) as f64).ceil() as usize;
        errors.get(rank.checked_sub(1)?).copied()
    }
}

/// The median error of each form on cells left out in the same way.
pub(super) fn errors(
    quantity: Quantity,
    observations: &[Observation],
    extrapolation: Extrapolation,
) -> BTreeMap<Form, f64> {
    let error = |form| {
        let cells = left_out(quantity, observations, extrapolation, &|_| form);
        Some((form, HeldOut { cells, cells_count: true }.error()?))
    };
    Form::ALL.into_iter().filter_map(error).collect()
}

/// The form with the smaller error; the sum of parts where none can be told.
pub(super) fn best(errors: &BTreeMap<Form, f64>) -> Form {
    errors.iter().min_by(|a, b| a.1.total_cmp(b.1)).map_or(Form::Parts, |(form, _)| *form)
}

fn left_out(
    quantity: Quantity,
    observations: &[Observation],
    extrapolation: Extrapolation,
    form: &dyn Fn(&[Observation]) -> Form,
) -> Vec<LeftOut> {
    let mut cells = Vec::new();
    for turn in extrapolation.turns(observations) {
        let kept: Vec<Observation> = (0..observations.len())
            .filter(|index| !turn.contains(index))
            .map(|index| observations[index].clone())
            .collect();
        let Some(curve) = Curve::of(quantity, form(&kept), &kept) else { continue };
        let known = Known::of(&kept);
        let cell = |index: usize| {
            let o = &observations[index];
            let error = (o.figure / curve.figure(&o.size, o.tokens)).ln();
            error.is_finite().then(|| LeftOut {
                model: o.model.clone(),
                error,
                distance: extrapolation.distance(&known, &o.model, o.size.params, o.tokens),
            })
        };
        cells.extend(turn.into_iter().filter_map(cell));
    }
    cells
}
