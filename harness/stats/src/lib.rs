//! Statistics, one method a file, each with its formula and source. Distributions come
//! from `statrs`; every method is tested against other tools, most of them `numpy` and `scipy`.

mod benjamini_hochberg;
mod describe;
mod difference;
mod hampel;
mod holm;
mod interval;
mod least_squares;
mod level_cuts;
mod line;
mod mann_kendall;
mod normal;
#[cfg(test)]
mod reference;
mod runs;
mod sequential;
mod shift;
mod student;
mod theil_sen;
mod tukey;

pub use benjamini_hochberg::benjamini_hochberg;
pub use describe::{mean, median, percentile, standard_deviation};
pub use difference::{Difference, Measured};
pub use hampel::{Clipped, hampel};
pub use holm::holm;
pub use interval::Interval;
pub use least_squares::{dot, nonnegative_least_squares};
pub use level_cuts::level_cuts;
pub use line::Line;
pub use mann_kendall::{MannKendall, mann_kendall};
pub use normal::{Z_95, normal_two_sided, normal_value};
pub use runs::{Observation, RunMean};
pub use sequential::Sequential;
pub use shift::{NoShift, Shift, largest_shift, shift_by_order};
pub use student::{student_quantile, student_quantile_90, student_quantile_95, student_two_sided};
pub use theil_sen::{Slope, theil_sen};
pub use tukey::{Fences, outliers};
