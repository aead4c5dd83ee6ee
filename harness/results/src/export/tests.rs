use super::write;
use crate::schema::{FigureRow, Row, TABLES};
use ::parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results/example")
}

/// A copy of the example, with figures that it has none of.
fn copy_with_figures(folder: &Path) -> PathBuf {
    let run = folder.join("example");
    fs::create_dir(&run).unwrap();
    for table in TABLES {
        fs::copy(example().join(table.file_name()), run.join(table.file_name())).unwrap();
    }
    fs::copy(example().join("manifest.json"), run.join("manifest.json")).unwrap();
    let figures = "t0001,local,prefill,ttft_s,0.04,s\nt0001,local,trial,\"a, b\",-2.0,1\n";
    fs::write(run.join("figures.csv"), FigureRow::TABLE.header() + figures).unwrap();
    run
}

/// A value as it stands in the CSV file.
fn is_same(value: &Field, text: &str) -> bool {
    match value {
        Field::Null => text.is_empty(),
        Field::Str(value) => value == text,
        Field::Long(value) => text.parse() == Ok(*value),
        Field::Double(value) => text.parse() == Ok(*value),
        Field::Bool(value) => text.parse() == Ok(*value),
        Field::TimestampMillis(value) => {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis((*value).cast_unsigned());
            humantime::parse_rfc3339(text) == Ok(time)
        }
        _ => false,
    }
}

#[test]
fn every_value_of_two_runs_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let run = copy_with_figures(folder.path());
    let written = write(&[run.clone(), run.clone()], &folder.path().join("out")).unwrap();
    for (table, written) in TABLES.iter().zip(&written) {
        let mut csv = csv::Reader::from_path(run.join(table.file_name())).unwrap();
        let headers = csv.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
        assert_eq!(written.rows, 2 * rows.len() as u64, "{}", table.name);
        let reader = SerializedFileReader::new(File::open(&written.path).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 1);
        for (row, expected) in reader.into_iter().zip(rows.iter().chain(&rows)) {
            let row = row.unwrap();
            let columns: Vec<(&String, &Field)> = row.get_column_iter().collect();
            assert_eq!(columns.len(), 1 + table.columns.len());
            assert!(
                columns[0].0 == "sweep"
                    && matches!(columns[0].1, Field::Str(sweep) if sweep.ends_with("example"))
            );
            for (name, value) in &columns[1..] {
                let text = &expected[headers.iter().position(|header| header == *name).unwrap()];
                assert!(is_same(value, text), "{}, {name}: {value:?} is not {text:?}", table.name);
            }
        }
    }
}

#[test]
fn what_is_no_value_is_named_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (run, out) = (copy_with_figures(folder.path()), folder.path().join("out"));
    for (value, why) in [("-1", "not a whole number"), ("1e3", "not a whole number"), ("x", "'x' is not")] {
        fs::write(
            run.join("tokens.csv"),
            format!("trial_id,device,index,latency_ms\nt1,d,0,1.5\nt1,d,{value},2\n"),
        )
        .unwrap();
        let error = write(std::slice::from_ref(&run), &out).unwrap_err().to_string();
        assert!(error.contains("tokens.csv, line 3, column index") && error.contains(why), "{error}");
    }
    fs::write(run.join("tokens.csv"), "trial_id,device,index,latency_ms\nt1,d,0,NaN\n").unwrap();
    assert!(write(&[run], &out).unwrap_err().to_string().contains("line 2, column latency_ms"));
    let mut left: Vec<_> = fs::read_dir(&out).unwrap().flatten().map(|entry| entry.file_name()).collect();
    left.sort_unstable();
    assert_eq!(left, ["figures.parquet", "trials.parquet"]);
}
