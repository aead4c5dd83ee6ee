use super::*;
use crate::read::{Estimate, Metric};
use proptest::prelude::*;
use std::fs;

const HEADER: &str = "device,soc,backend,model,weights,quant,params,chunks,n_planned,n_completed,n_valid,failure,n_in,\
    n_out,itps,itps_ci_low,itps_ci_high,otps,otps_ci_low,otps_ci_high,ttft_s,ttft_s_ci_low,ttft_s_ci_high,runtime_s,\
    runtime_s_ci_low,runtime_s_ci_high,rss_peak_mib,model_mib,kv_cache_mib,compute_mib,energy_j_per_token";
const ROW: &str = "local,cpu,llama.cpp,m,real,q4_0,125000000,1,5,5,5,,200.0,32,400,390,410,50,49,51,0.51,0.5,0.52,1.1,1,1.2,200,,,,";

fn read(text: impl AsRef<[u8]>) -> Result<Vec<Cell>> {
    Summary::cells_from(Path::new("s.csv"), text.as_ref())
}

fn refused(text: impl AsRef<[u8]>) -> String {
    let error = read(text).unwrap_err();
    assert!(matches!(error, Error::Input(_)));
    let text = error.to_string();
    assert!(!text.contains('\n') && text.starts_with("s.csv") && text.contains("; "), "{text}");
    text.split("; give a ").next().unwrap().to_owned()
}

/// The good row with one column changed.
fn with(column: &str, value: &str) -> String {
    let at = HEADER.split(',').position(|name| name == column).unwrap();
    let mut fields: Vec<&str> = ROW.split(',').collect();
    fields[at] = value;
    format!("{HEADER}\n{}\n", fields.join(","))
}

#[test]
fn the_papers_table_is_read() {
    let path = slm_testkit::repository::baseline("slimlm-s24.csv");
    let summary = Summary::read(&path).unwrap();
    assert_eq!(summary.cells.len(), 24);
    let first = &summary.cells[0];
    assert_eq!(first.key.context, Context::Chunks(0));
    assert_eq!(first.estimate(Metric::Itps), Some(Estimate { mean: 68.48, interval: None }));
    assert_eq!(summary.find(&first.key), Some(first));
}

#[test]
fn marks_line_ends_and_other_columns_are_tolerated() {
    let plain = read(format!("{HEADER}\n{ROW}\n")).unwrap();
    assert_eq!(read(format!("\u{feff}{HEADER}\r\n{ROW}\r\n\r\n")).unwrap(), plain);
    assert_eq!(read(format!("{HEADER},colour\n{ROW},blue")).unwrap(), plain);
    let few =
        read("model,quant,weights,backend,device,chunks,itps,otps,ttft_s,runtime_s\nm,q,real,b,d,1,1,,,\n");
    assert_eq!(few.unwrap()[0].otps, None);
}

#[test]
fn bad_values_are_named_with_line_and_column() {
    for (column, value, why) in [
        ("itps", "NaN", "NaN is not a number"),
        ("otps", "inf", "inf is not a number"),
        ("ttft_s", "-0.5", "-0.5 is negative"),
        ("runtime_s", "0", "0 is no measurement"),
        ("itps", "fast", "'fast' is not a number"),
        ("chunks", "300", "300 is too large"),
        ("chunks", "many", "'many' is not a whole number"),
        ("failure", "tired", "'tired' is not one of load-failed, out-of-memory"),
        ("model", " ", "is empty"),
        ("n_valid", "9", "is 9, more than n_completed (5)"),
        ("itps_ci_low", "", "is empty, and the upper end is not"),
        ("itps_ci_low", "500", "is below the interval's lower end"),
        ("ttft_s", "510", "are both in seconds?"),
        ("rss_peak_mib", "-1", "-1 is negative"),
    ] {
        let text = refused(with(column, value));
        assert!(text.starts_with("s.csv, line 2, column ") && text.contains(why), "{column} {value}: {text}");
    }
    assert!(
        refused(with("ttft_s", "51").replace(",1.1,1,1.2,", ",110,100,120,")).contains("is it in seconds?")
    );
}

#[test]
fn bad_files_are_named() {
    assert_eq!(refused(""), "s.csv is empty");
    assert_eq!(refused(format!("{HEADER}\n")), "s.csv has a header and no rows");
    assert_eq!(
        refused("device,model\na,b\n"),
        "s.csv, line 1: missing columns backend, weights, quant, chunks, itps, otps, ttft_s, runtime_s"
    );
    assert_eq!(
        refused(format!("{HEADER}\n{ROW}\n{ROW}\n")),
        "s.csv, line 3, column chunks: the cell 'm' at 1 chunk stands in line 2 already"
    );
    assert_eq!(refused(format!("{HEADER}\n{ROW},1\n")), "s.csv, line 2: 32 fields where 31 belong");
    let binary = [HEADER.as_bytes(), b"\n\xff\xfe,\n"].concat();
    assert!(refused(binary).contains("line 2"));
    assert!(refused(format!("{HEADER},itps\n{ROW},1\n")).contains("column itps is there twice"));
}

#[test]
fn cells_of_exact_prompts_are_told_by_their_length() {
    let failed = "local,cpu,llama.cpp,m,real,q4_0,1,,5,0,0,timed-out,,,,,,,,,,,,,,,,,,,";
    let cells = read(format!("{HEADER},prompt_tokens\n{failed},200\n{failed},800\n")).unwrap();
    assert_eq!((cells[0].key.context, cells[1].key.context), (Context::Tokens(200), Context::Tokens(800)));
    let twice = refused(format!("{HEADER},prompt_tokens\n{failed},200\n{failed},200\n"));
    assert!(twice.contains("column prompt_tokens"), "{twice}");
    assert!(
        refused(format!("{HEADER}\n{failed}\n")).contains("column chunks: is empty, and so is prompt_tokens")
    );
}

#[test]
fn a_folder_must_hold_a_sweep_of_this_format() {
    let folder = tempfile::tempdir().unwrap();
    let text = || Summary::read(folder.path()).unwrap_err().to_string();
    assert!(text().contains("is empty; give a folder that `bench sweep` wrote"), "{}", text());
    fs::write(folder.path().join("summary.csv"), format!("{HEADER}\n{ROW}\n")).unwrap();
    assert!(text().contains("holds no sweep (no manifest.json)"), "{}", text());
    fs::write(folder.path().join("manifest.json"), r#"{"format":"2.0","news":true}"#).unwrap();
    let told =
        format!("has format version 2.0, this bench reads {}; use the version", crate::manifest::FORMAT);
    assert!(text().contains(&told), "{}", text());
    fs::write(folder.path().join("manifest.json"), "{\n\"format\":").unwrap();
    assert!(text().contains("manifest.json is damaged: ") && text().contains("line 2 column"), "{}", text());
    assert!(Summary::read(&folder.path().join("nothing")).unwrap_err().to_string().contains("cannot read"));
    assert_eq!(Summary::read(&folder.path().join("summary.csv")).unwrap().cells.len(), 1);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
        let _ = read([HEADER.as_bytes(), b"\n", &bytes].concat());
    }

    #[test]
    fn no_field_makes_the_reader_panic(column in 0usize..31, value in "[-+0-9.eEnaif,\"\\PC]{0,12}") {
        let name = HEADER.split(',').nth(column).unwrap();
        if let Ok(cells) = read(with(name, &value)) {
            for cell in cells {
                for estimate in Metric::ALL.iter().filter_map(|&metric| cell.estimate(metric)) {
                    prop_assert!(estimate.mean.is_finite() && estimate.mean >= 0.0);
                }
            }
        }
    }
}
