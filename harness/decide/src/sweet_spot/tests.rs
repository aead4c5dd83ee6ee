use super::*;
use slm_results::read::{Cell, Context, Summary};

fn baseline(name: &str) -> std::path::PathBuf {
    slm_testkit::repository::baseline(name)
}

fn paper() -> Group {
    let mut groups = groups(&Summary::read(&baseline("slimlm-s24.csv")).unwrap().cells);
    assert_eq!(groups.len(), 1);
    groups.remove(0)
}

fn choice(answer: &Answer, chunks: u8) -> &Choice {
    answer.choices.iter().find(|choice| choice.context == Context::Chunks(chunks)).unwrap()
}

/// The paper's conclusion from its Table 1: models above 1 B cannot be used with a
/// document on the phone, and Qwen2-0.5B is the balance of size and speed.
#[test]
fn the_papers_conclusion_follows_from_its_table() {
    let (group, minute) = (paper(), Budgets { max_ttft: Some(60.0), ..Budgets::default() });
    let answer = answers(&group, &minute, None);
    for chunks in 1..=4 {
        let choice = choice(&answer, chunks);
        assert_eq!(choice.measured.as_ref().unwrap().model, "qwen2-0.5b-instruct");
        assert!(choice.predicted.is_none(), "{choice:?}");
        let next = choice.next.as_ref().unwrap();
        assert_eq!(next.point.model, "qwen2-1.5b-instruct");
        assert!(next.needs[0].value.figure > 60.0);
    }
    // With one chunk the next size was measured: 78.78 s.
    let value = Value { figure: 78.78, interval: None };
    let needs = &choice(&answer, 1).next.as_ref().unwrap().needs;
    assert_eq!(needs[..], [Need { name: "TTFT", value, unit: "s" }]);
    assert_eq!(answer.longest.as_ref().unwrap().model, "qwen2-0.5b-instruct");
    // Its scores, from Table 5, say the same.
    let quality = Quality::read(&baseline("slimlm-quality.csv")).unwrap();
    let (best, score) = answers(&group, &minute, Some(&quality)).best.unwrap();
    assert_eq!((best.model.as_str(), score), ("qwen2-0.5b-instruct", 0.4934));
}

#[test]
fn a_tighter_budget_gives_a_smaller_model() {
    let budgets = Budgets { max_ttft: Some(10.0), ..Budgets::default() };
    let answer = answers(&paper(), &budgets, None);
    assert_eq!(choice(&answer, 4).measured.as_ref().unwrap().model, "smollm-135m-instruct");
    assert_eq!(answer.largest.as_ref().unwrap().model, "qwen2-0.5b-instruct");
    assert_eq!(answer.largest.as_ref().unwrap().context, Context::Chunks(0));
    let nothing = Budgets { max_ttft: Some(0.01), ..Budgets::default() };
    assert_eq!(answers(&paper(), &nothing, None).largest, None);
    let unknown = Budgets { max_memory: Some(1e6), ..Budgets::default() };
    assert_eq!(unknown.judge(&paper().points[0]), Fitness::Unknown);
}

#[test]
fn cells_not_run_are_predicted_and_say_so() {
    let group = paper();
    assert_eq!(group.points.len(), 9 * 5);
    let predicted = |point: &&Point| matches!(point.origin, Origin::Predicted { .. });
    assert_eq!(group.points.iter().filter(predicted).count(), 45 - 24);
    for point in group.points.iter().filter(predicted) {
        let value = point.ttft.unwrap();
        let interval = value.interval.unwrap();
        assert!(interval.low <= value.figure && value.figure <= interval.high && interval.low > 0.0);
    }
}

#[test]
fn the_largest_size_grows_with_the_budget() {
    let group = paper();
    let size = |ttft| {
        let budgets = Budgets { max_ttft: Some(ttft), ..Budgets::default() };
        largest_size(&group, &budgets, 800).unwrap().params.unwrap_or(0)
    };
    assert!(size(5.0) < size(20.0) && size(20.0) < size(60.0));
    // The table has 360 M at 27 s and 490 M at 38 s with three chunks, of about 800 tokens.
    assert!((300_000_000..700_000_000).contains(&size(35.0)), "{}", size(35.0));
    let memory = Budgets { max_memory: Some(1000.0), ..Budgets::default() };
    assert_eq!(largest_size(&group, &memory, 800), None);
}

#[test]
fn failed_cells_are_beyond_any_budget_and_not_predicted() {
    let mut cells: Vec<Cell> = Summary::read(&baseline("slimlm-s24.csv")).unwrap().cells;
    cells[8] = Cell { itps: None, otps: None, ttft_s: None, runtime_s: None, ..cells[8].clone() };
    cells[8].failure = Some(slm_protocol::Failure::OutOfMemory);
    let group = groups(&cells).remove(0);
    let point = group.points.iter().find(|point| point.model.starts_with("llama-3.1")).unwrap();
    assert_eq!(point.origin, Origin::Failed(Some(slm_protocol::Failure::OutOfMemory)));
    assert_eq!(Budgets::default().judge(point), Fitness::Beyond);
}
