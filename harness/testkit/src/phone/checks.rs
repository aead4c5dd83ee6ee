//! What must hold of a sweep and its phone after a fault.

use super::Stage;
use crate::{
    results::{Row, assert_kept},
    sandbox::Ran,
};

/// The whole sweep is there and every trial succeeded.
#[track_caller]
pub fn check_unharmed(stage: &Stage, ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{}", stage.stderr());
    let results = stage.results();
    results.check_complete();
    assert!(results.trials().iter().all(Row::is_completed));
    check_phone_is_tidy(stage);
}

/// The whole sweep is there; at most so many trials failed, each with this cause. How many did.
#[track_caller]
pub fn check_harmed(stage: &Stage, ran: &Ran, failure: &str, most: usize) -> usize {
    let results = stage.results();
    results.check_complete();
    let trials = results.trials();
    let failed: Vec<&Row> = trials.iter().filter(|row| !row.is_completed()).collect();
    for row in &failed {
        assert_eq!(row.get("failure"), failure, "{row:?}");
    }
    assert!(failed.len() <= most, "{} trials failed", failed.len());
    assert_eq!(ran.code, Some(i32::from(!failed.is_empty())), "{}", stage.stderr());
    check_phone_is_tidy(stage);
    failed.len()
}

/// Nothing of ours is left on the phone but models and agents.
fn check_phone_is_tidy(stage: &Stage) {
    assert_eq!(stage.left_behind(), "", "left on the phone");
}

/// The sweep has ended because the phone is away for good: exit code 3, and no cause but that in any row. What was
/// measured by then.
#[track_caller]
pub fn check_lost(stage: &Stage, ran: &Ran, words: &str) -> Vec<Row> {
    let stderr = stage.stderr();
    assert_eq!(ran.code, Some(3), "{stderr}");
    assert!(stderr.contains(words), "{stderr}");
    let (measured, lost): (Vec<Row>, Vec<Row>) =
        stage.results().torn_csv("trials.csv").into_iter().partition(Row::is_completed);
    for row in lost {
        assert_eq!(row.get("failure"), "device-lost", "{row:?}");
    }
    measured
}

/// The phone is back and the sweep goes on: the rest is measured, what was measured stays as it was.
#[track_caller]
pub fn check_resumed(stage: &Stage, before: &[Row]) {
    let ran = stage.resume();
    check_unharmed(stage, &ran);
    let after = stage.results().trials();
    assert_kept(before, &after);
}
