use super::*;
use crate::schema::{FigureRow, OnOff, Row, TelemetryRow, TokenRow, TrialRow};
use proptest::prelude::*;
use slm_plan::prompts::Context;

const ROW: &str = "t0004,local,cpu,llama.cpp,slimlm-125m,synthetic,q4_0,,125311488,0,q4,1,1,false,completed,,valid,,clocks,8,8,32,\
    length,0.27,0.00008,0.0213,0.0212,377.09,86.7,11.4,11.7,11.9,0.378,0.6,214.3,139.0,36.0,14.5,2,on,,,,\
    2026-11-21T09:49:14.000Z,";

fn header() -> String {
    TrialRow::TABLE.header().trim_end().to_owned()
}

fn read<T: Row>(text: impl AsRef<[u8]>) -> Result<Vec<T>> {
    Rows::new(Path::new("t.csv"), text.as_ref())?.collect()
}

fn trials(text: impl AsRef<[u8]>) -> Result<Vec<TrialRow>> {
    read(text)
}

#[test]
fn rows_are_read() {
    let exact = ROW.replace(",0,q4,", ",,d1-8,").replace("valid,,", "suspect,\"a, b\",") + "8";
    let trials = trials(format!("\u{feff}{}\r\n{ROW}\r\n{exact}\r\n", header())).unwrap();
    assert_eq!((trials[0].context(), trials[1].context()), (Ok(Context::Chunks(0)), Ok(Context::Tokens(8))));
    assert!(trials[0].is_valid() && trials[1].is_measured() && !trials[1].is_valid());
    assert_eq!((trials[0].itps, trials[0].threads), (Some(377.09), Some(2)));
    assert_eq!((trials[0].flash_attention, trials[0].energy_j), (Some(OnOff::On), None));
    assert_eq!(trials[1].verdict_reason.as_deref(), Some("a, b"));
}

#[test]
fn columns_may_stand_in_another_order_and_beside_others() {
    let tokens: Vec<TokenRow> =
        read("colour,latency_ms,index,device,trial_id\nred,1.5,0,phone,t1\n").unwrap();
    let expected = TokenRow { trial_id: "t1".into(), device: "phone".into(), index: 0, latency_ms: 1.5 };
    assert_eq!(tokens, [expected]);
    assert_eq!(read::<TelemetryRow>(TelemetryRow::TABLE.header()).unwrap(), []);
}

#[test]
fn bad_rows_are_named() {
    let refused = |row: String| trials(format!("{}\n{row}\n", header())).unwrap_err().to_string();
    let text = refused(ROW.replace("377.09", "NaN"));
    assert!(text.starts_with("t.csv, line 2, column itps: NaN is not a number; "), "{text}");
    let text = refused(ROW.replace("completed", "done"));
    assert!(text.contains("column status: 'done' is not one of completed, failed, skipped"), "{text}");
    assert!(refused(ROW.replace(",8,8,", ",8,8.5,")).contains("column n_in: '8.5' is not a whole number"));
    assert!(refused(ROW.replace("t0004", "")).contains("column trial_id: is empty"));
    assert!(refused(ROW.replace(",0,q4,", ",300,q4,")).contains("column chunks: 300 is too large"));
    assert!(
        refused(ROW.replace(",0,q4,", ",,q4,")).contains("column chunks: is empty, and so is prompt_tokens")
    );
    assert!(refused(format!("{ROW}8")).contains("column prompt_tokens: is there beside chunks"));
    assert!(refused(format!("{ROW},1")).contains("line 2: 46 fields where 45 belong"));
    let text = trials("device\na\n").unwrap_err().to_string();
    assert!(text.contains("line 1: missing columns trial_id, soc, backend"), "{text}");
}

/// A row of any values that its columns let pass.
fn any_row() -> impl Strategy<Value = TrialRow> {
    let texts = ("[a-z ,\"\n]{1,8}", proptest::option::of("[a-z ,\"\r\n]{1,8}"), any::<bool>());
    let numbers = (any::<u64>(), proptest::option::of(1e-9..1e12), proptest::option::of(any::<u32>()));
    (texts, numbers).prop_map(|((text, reason, flag), (whole, figure, count))| TrialRow {
        trial_id: format!("t{text}"),
        device: format!("d{text}"),
        backend: "null".into(),
        model: "m".into(),
        weights: "real".into(),
        quant: "q4_0".into(),
        prompt_id: "q1".into(),
        params: whole >> 1,
        chunks: Some(5),
        verdict_reason: reason,
        warmup: flag,
        flash_attention: Some(flag.into()),
        itps: figure,
        energy_j: figure,
        n_out: count,
        ..TrialRow::default()
    })
}

proptest! {
    #[test]
    fn rows_that_are_written_are_read_back(rows in proptest::collection::vec(any_row(), 1..5)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &rows {
            writer.serialize(row).unwrap();
        }
        prop_assert_eq!(trials(writer.into_inner().unwrap()).unwrap(), rows);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = trials(&bytes);
        let _ = trials([header().as_bytes(), b"\n", &bytes].concat());
    }

    #[test]
    fn no_field_makes_the_reader_panic(column in 0usize..41, value in "[-+0-9.eEnaif,\"\\PC]{0,12}") {
        let mut fields: Vec<&str> = ROW.split(',').collect();
        fields[column] = &value;
        if let Ok(rows) = trials(format!("{}\n{}\n", header(), fields.join(","))) {
            for row in rows {
                prop_assert!(row.itps.is_none_or(|itps| itps.is_finite() && itps > 0.0));
            }
        }
    }
}

/// Programs that people open tables with save them in other ways.
#[test]
fn a_table_is_the_same_however_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figures.csv");
    let row = "t0001,größe,trial,x,1,s";
    let plain = format!("{}{row}\n", FigureRow::TABLE.header());
    let read = |bytes: Vec<u8>| {
        std::fs::write(&path, bytes).unwrap();
        let rows: Result<Vec<FigureRow>> = rows(&path).and_then(Iterator::collect);
        rows.map_err(|error| error.to_string())
    };
    let expected = read(plain.clone().into_bytes()).unwrap();
    assert_eq!(expected.len(), 1);
    let dos = plain.replace('\n', "\r\n");
    let wide = |bytes: fn(u16) -> [u8; 2]| {
        format!("\u{feff}{dos}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
    };
    for bytes in [
        format!("\u{feff}{plain}").into_bytes(),
        dos.clone().into_bytes(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
    ] {
        assert_eq!(read(bytes).unwrap(), expected);
    }
    let mut half = wide(u16::to_le_bytes);
    half.pop();
    let error = read(half).unwrap_err();
    assert!(error.contains("is not UTF-16 text at byte ") && error.contains("save it as UTF-8"), "{error}");
}
