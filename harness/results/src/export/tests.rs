use super::write;
use crate::schema::TABLES;
use ::parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use slm_testkit::made::Made;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
};

fn example(folder: &Path) -> PathBuf {
    let path = folder.join("example");
    Made::on_a_phone(2).write(&path);
    path
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
    let example = example(folder.path());
    let written = write(&[example.clone(), example.clone()], folder.path()).unwrap();
    for (table, written) in TABLES.iter().zip(&written) {
        let mut csv = csv::Reader::from_path(example.join(table.file_name())).unwrap();
        let headers = csv.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
        assert_eq!(written.rows, 2 * rows.len() as u64, "{}", table.name);
        let reader = SerializedFileReader::new(File::open(&written.path).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), usize::from(!rows.is_empty()));
        for (row, expected) in reader.into_iter().zip(rows.iter().chain(&rows)) {
            let row = row.unwrap();
            let columns: Vec<(&String, &Field)> = row.get_column_iter().collect();
            assert_eq!(columns.len(), 1 + table.columns.len());
            assert!(
                columns[0].0 == "run" && matches!(columns[0].1, Field::Str(run) if run.ends_with("example"))
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
    let (run, out) = (example(folder.path()), folder.path().join("out"));
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
    let left: BTreeSet<_> = fs::read_dir(&out).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().eq(["figures.parquet", "trials.parquet"]), "{left:?}");
}
