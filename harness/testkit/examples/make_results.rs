//! Writes a made-up results folder: `make_results DIR [MODELS] [TRIALS]`, up to
//! twelve models and a million trials. With more than 20,000 trials only the
//! trials, the summary and the manifest have content.

#![allow(clippy::unwrap_used, missing_docs)]

use slm_testkit::made::Made;
use std::{env, path::Path};

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize, default: u32| words.get(at).map_or(default, |word| word.parse().unwrap());
    let (models, trials) = (number(1, 12), number(2, 1_080));
    let repetitions = (trials / (30 * models)).max(1);
    let made = Made { repetitions, details: trials <= 20_000, ..Made::on_a_phone(models as usize) };
    made.write(Path::new(words.first().map_or("results/made-up", String::as_str)));
}
