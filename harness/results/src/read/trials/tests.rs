use super::*;
use crate::{
    analysis::header,
    read::{Context, Metric},
};
use proptest::prelude::*;

/// As of format 1.0; the next test adds the newer column.
const HEADER: &str = "trial_id,device,soc,backend,model,weights,quant,params,chunks,prompt_id,repetition,warmup,status,\
    failure,verdict,verdict_reason,n_in_nominal,n_in,n_out,stop_reason,load_s,tokenize_s,ttft_s,prefill_s,itps,otps,\
    tpot_p50_ms,tpot_p90_ms,tpot_p99_ms,runtime_s,rss_peak_mib,model_mib,kv_cache_mib,compute_mib,threads,\
    flash_attention,thermal_status,battery_temp_c,energy_j,started_at";
const ROW: &str = "t0004,local,cpu,llama.cpp,slimlm-125m,synthetic,q4_0,125311488,0,q4,1,false,completed,,valid,,8,8,32,\
    length,0.27,0.00008,0.0213,0.0212,377.09,86.7,11.4,11.7,11.9,0.378,214.3,139.0,36.0,14.5,2,on,,,,2026-11-21T09:49:14Z";

fn read(text: impl AsRef<[u8]>) -> Result<Vec<Trial>> {
    Trials::new(Path::new("t.csv"), text.as_ref())?.collect()
}

#[test]
fn rows_are_read() {
    let exact = ROW.replace(",0,q4,", ",,d1-8,").replace("valid,,", "suspect,\"a, b\",");
    let trials = read(format!("\u{feff}{HEADER}\r\n{ROW}\r\n{exact}\r\n")).unwrap();
    assert_eq!((trials[0].context(), trials[1].context()), (Context::Chunks(0), Context::Tokens(8)));
    assert!(trials[0].is_valid() && trials[1].is_measured() && !trials[1].is_valid());
    assert_eq!((trials[0].figure(Metric::Itps), trials[0].threads), (Some(377.09), Some(2)));
    assert_eq!((trials[0].flash_attention, trials[0].energy_j), (Some(true), None));
    assert_eq!(read(format!("{HEADER}\n")).unwrap(), []);
}

#[test]
fn a_trial_of_exact_length_that_failed_tells_its_context() {
    let newer = header(TrialRow::COLUMNS);
    assert!(newer.starts_with(HEADER));
    let row = ROW.replace(",0,q4,", ",,d1-800,").replace(",8,8,32,", ",801,,,");
    let trials = read(format!("{newer}{row},800,,,,,\n")).unwrap();
    assert_eq!((trials[0].context(), trials[0].prompt_tokens), (Context::Tokens(800), Some(800)));
    // Format 1.0 had only the nominal length.
    assert_eq!(read(format!("{HEADER}\n{row}\n")).unwrap()[0].context(), Context::Tokens(801));
}

#[test]
fn bad_rows_are_named() {
    let refused = |row: String| read(format!("{HEADER}\n{row}\n")).unwrap_err().to_string();
    let text = refused(ROW.replace("377.09", "NaN"));
    assert!(text.starts_with("t.csv, line 2, column itps: NaN is not a number; "), "{text}");
    assert!(
        refused(ROW.replace("completed", "done")).contains("column status: 'done' is not one of completed")
    );
    assert!(refused(ROW.replace(",8,8,", ",8,8.5,")).contains("column n_in: '8.5' is not a whole number"));
    assert!(refused(format!("{ROW},1")).contains("line 2: 41 fields where 40 belong"));
    assert!(read("device\na\n").unwrap_err().to_string().contains("line 1: missing columns backend, model"));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
        let _ = read([HEADER.as_bytes(), b"\n", &bytes].concat());
    }
}
