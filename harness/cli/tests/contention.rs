//! A sweep beside a busy machine must say so. Alone in its test program, since
//! what it starts would disturb other tests.

use slm_testkit::{results::Results, sandbox::Sandbox};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

#[test]
fn trials_beside_busy_threads_are_suspect_and_name_them() {
    let sandbox = Sandbox::new();
    // Long enough a trial for the kernel's ticks of 10 ms to see what goes on.
    let model = "shape:arch=mpt,layers=4,d_model=512,heads=8,vocab=1024";
    sandbox.make_model(model, "model.gguf");
    let done = AtomicBool::new(false);
    let ran = thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(2, usize::from).max(2);
        for _ in 0..cores {
            scope.spawn(|| {
                let mut n = 0u64;
                while !done.load(Ordering::Relaxed) {
                    n = std::hint::black_box(n.wrapping_add(1));
                }
            });
        }
        let ran = sandbox.sweep(
            "--models ./model.gguf --prompt-tokens 200 --runs 1 --repetitions 1 --max-new-tokens 40 --threads 1",
        );
        done.store(true, Ordering::Relaxed);
        ran
    });
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let results = Results::of(&sandbox);
    results.check_complete();
    let trials = results.trials();
    let named = trials.iter().filter(|row| {
        let reason = row.get("verdict_reason");
        row.get("verdict") == "suspect" && (reason.contains("other processes") || reason.contains("waited"))
    });
    let named = named.count();
    assert!(2 * named > trials.len(), "{named} of {} trials are suspect", trials.len());
    for cell in results.csv("summary.csv") {
        assert!(cell.number("n_valid") < cell.number("n_planned"));
        assert_eq!(
            cell.number("itps").is_some(),
            cell.number("n_valid") > Some(0.0),
            "doubted figures are no means"
        );
    }
}
