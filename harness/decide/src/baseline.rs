//! The paper's figures, which ship with the tool.

use slm_results::{
    read::{Cell, Summary},
    schema::SummaryRow,
};
use std::path::Path;

const SLIMLM_S24: &str = include_str!("../../../results/baselines/slimlm-s24.csv");

/// SlimLM paper, Table 1, as rows of a summary: nine models on a Galaxy S24.
pub fn slimlm_s24() -> Vec<SummaryRow> {
    let rows = Summary::rows_from(Path::new("slimlm-s24.csv"), SLIMLM_S24.as_bytes());
    rows.and_then(Iterator::collect).unwrap_or_default()
}

/// The same as cells.
pub fn slimlm_s24_cells() -> Vec<Cell> {
    Summary::cells_from(Path::new("slimlm-s24.csv"), SLIMLM_S24.as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_24_rows_are_read() {
        let rows = slimlm_s24();
        assert_eq!((rows.len(), slimlm_s24_cells().len()), (24, 24));
        assert!(
            rows.iter()
                .all(|row| row.itps > Some(0.0) && row.runtime_s >= row.ttft_s && row.n_valid.is_none())
        );
    }
}
