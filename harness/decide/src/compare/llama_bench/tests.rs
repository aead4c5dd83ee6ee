use super::{format::TELLTALE, *};
use proptest::prelude::*;
use slm_results::read::{Context, Metric};
use std::{fs, path::PathBuf};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[test]
fn its_json_and_csv_are_read() {
    let side = read(&fixture("llama-bench.json")).unwrap();
    let cells: Vec<_> = side.cells.iter().map(|cell| (cell.key.context, cell.key.quant.as_str())).collect();
    assert_eq!(cells, [(Context::Tokens(50), "q4_0"), (Context::Tokens(200), "q4_0")]);
    assert!(
        side.cells.iter().all(|cell| cell.key.model == "slimlm-125m" && cell.params == Some(125_311_488))
    );
    assert!(side.cells[0].itps.unwrap().interval.is_none(), "one process is one run");
    assert_eq!(side.trials[&side.cells[0].key].runs(Metric::Itps)[0].len(), 2);
    let plain = read(&fixture("llama-bench.csv")).unwrap();
    assert_eq!(plain.cells.len(), 1);
    for name in ["llama-bench.json", "llama-bench.csv"] {
        assert!(is_llama_bench(&fixture(name)).unwrap());
    }
    assert!(!is_llama_bench(&fixture("../../../../results/baselines/slimlm-s24.csv")).unwrap());
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let side = read(&fixture("llama-bench.json")).unwrap();
    for name in ["out.json", "out.csv"] {
        let path = folder.path().join(name);
        assert_eq!(write(&side, &path).unwrap(), 4);
        let again = read(&path).unwrap();
        assert_eq!(again.cells.len(), 2);
        for (ours, theirs) in again.cells.iter().zip(&side.cells) {
            assert_eq!((&ours.key.model, ours.key.context), (&theirs.key.model, theirs.key.context));
            assert!((ours.itps.unwrap().mean / theirs.itps.unwrap().mean - 1.0).abs() < 1e-4);
        }
    }
    let paper = crate::compare::Side::read(&fixture("../../../../results/baselines/slimlm-s24.csv")).unwrap();
    let error = write(&paper, &folder.path().join("x.json")).unwrap_err().to_string();
    assert!(error.contains("has no cell that corresponds"), "{error}");
}

#[test]
fn bad_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.json");
    for (text, why) in [
        ("[{\"n_prompt\": 5}]", "test 1: field n_gen is missing"),
        ("[{\"n_prompt\":5,\"n_gen\":0,\"n_depth\":0,\"avg_ts\":-1}]", "field avg_ts"),
        ("[{\"n_prompt\":5,\"n_gen\":0,\"avg_ts\":1,\"samples_ts\":[1,\"x\"]}]", "field samples_ts"),
        ("[]", "has no test that corresponds"),
        ("[{", "line 1, column 2"),
    ] {
        fs::write(&path, text).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("b.json"), "{text}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn no_bytes_make_the_reader_panic(text in "[\\[{\"a-z_0-9:,.}\\]\n -]{0,200}") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b");
        fs::write(&path, &text).unwrap();
        let _ = (is_llama_bench(&path).unwrap(), read(&path));
        fs::write(&path, format!("{}\n{text}", TELLTALE.join(","))).unwrap();
        let _ = read(&path);
    }
}
