//! Statistics, one method a file, each with its formula and source. Distributions come
//! from `statrs`; every method is tested against `numpy` and `scipy`.

mod describe;
mod difference;
mod holm;
mod interval;
mod least_squares;
mod normal;
#[cfg(test)]
mod reference;
mod runs;
mod sequential;
mod student;
mod tukey;

pub use describe::{mean, median, percentile, standard_deviation};
pub use difference::{Difference, Measured};
pub use holm::holm;
pub use interval::Interval;
pub use least_squares::{dot, nonnegative_least_squares};
pub use normal::{Z_95, normal_two_sided};
pub use runs::{Observation, RunMean};
pub use sequential::Sequential;
pub use student::{student_quantile, student_quantile_95, student_two_sided};
pub use tukey::{Fences, outliers};
