//! Statistics, one method a file, each with its formula and source. Distributions come
//! from `statrs`; every method is tested against `numpy` and `scipy`.

mod bootstrap;
mod describe;
mod holm;
mod least_squares;
mod normal;
mod ratio;
#[cfg(test)]
mod reference;
mod stratified;
mod student;
mod tukey;

pub use bootstrap::{Interval, mean_interval};
pub use describe::{mean, median, percentile, standard_deviation};
pub use holm::holm;
pub use least_squares::{dot, nonnegative_least_squares};
pub use normal::{Z_95, normal_two_sided};
pub use ratio::ratio_of_means;
pub use stratified::{Difference, Stratum, stratified_difference};
pub use student::{student_quantile_95, student_two_sided};
pub use tukey::{Fences, outliers};
