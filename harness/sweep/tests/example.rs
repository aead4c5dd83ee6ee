//! The tables of `results/example` are those that its plan and events give; `UPDATE_EXAMPLE=1` writes them anew.

use slm_results::{
    read::{Metric, Summary},
    schema::{Row, SummaryRow, TABLES, Table, VarianceRow},
};
use slm_sweep::store::Store;
use std::{env, fs, path::Path};

#[test]
fn resuming_the_example_rebuilds_its_tables() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/example");
    let folder = tempfile::tempdir().unwrap();
    for file in ["manifest.json", "events.jsonl"] {
        fs::copy(example.join(file), folder.path().join(file)).unwrap();
    }
    drop(Store::resume(folder.path()).unwrap());
    if env::var_os("UPDATE_EXAMPLE").is_some() {
        for table in TABLES {
            fs::copy(folder.path().join(table.file_name()), example.join(table.file_name())).unwrap();
        }
    }
    // Logarithms differ between processors in their last digits, and with them intervals.
    let exact = |table: &&&Table| ***table != SummaryRow::TABLE && ***table != VarianceRow::TABLE;
    for table in TABLES.iter().filter(exact) {
        let text = |folder: &Path| fs::read_to_string(folder.join(table.file_name())).unwrap();
        assert!(text(folder.path()) == text(&example), "{} differs", table.file_name());
    }
    let cells = |folder: &Path| Summary::read(folder).unwrap().cells;
    let (rebuilt, kept) = (cells(folder.path()), cells(&example));
    assert_eq!(rebuilt.len(), kept.len());
    for (rebuilt, kept) in rebuilt.iter().zip(&kept) {
        for metric in Metric::ALL {
            let mean = |cell: &slm_results::read::Cell| cell.estimate(metric).map(|estimate| estimate.mean);
            assert_eq!((&rebuilt.key, mean(rebuilt)), (&kept.key, mean(kept)), "{metric:?}");
        }
    }
}
