//! The paper's figures, in the form of a summary.

use slm_results::analysis::SummaryRow;

/// SlimLM paper, Table 1: nine models on a Galaxy S24.
pub fn slimlm_s24() -> Vec<SummaryRow> {
    let text = include_str!("../../../results/baselines/slimlm-s24.csv");
    csv::Reader::from_reader(text.as_bytes()).deserialize().filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_24_rows_are_read() {
        let rows = super::slimlm_s24();
        assert_eq!(rows.len(), 24);
        assert!(
            rows.iter()
                .all(|row| row.itps > Some(0.0) && row.runtime_s >= row.ttft_s && row.n_valid.is_none())
        );
    }
}
