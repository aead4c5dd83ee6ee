//! What two settings differ by, in words, in a table and for programs.

use serde_json::{Value, json};
use slm_decide::ab::{AbTest, Answer, Look};
use slm_plan::text::columns;
use slm_results::read::Metric;
use slm_stats::Interval;

/// What is known after a block, in one line.
pub fn block_line(block: u32, test: &AbTest) -> String {
    let known = test.looks().filter(|look| look.is_tested).map(|look| {
        let interval = look.interval.map(|interval| format!(" {}", changes(interval))).unwrap_or_default();
        format!("{} {}{interval}", short(look.metric), change(look.ratio))
    });
    let known: Vec<String> = known.collect();
    let known = if known.is_empty() { "no valid trials of both".to_owned() } else { known.join("   ") };
    format!("run {block:>3} of each   {known}")
}

/// The answer in a sentence.
pub fn verdict(test: &AbTest) -> String {
    let sentences: Vec<String> = test.looks().filter(|look| look.is_tested).map(sentence).collect();
    if sentences.is_empty() {
        "no valid trials of both, so nothing is known".to_owned()
    } else {
        sentences.join(", ")
    }
}

/// Every metric: the ratio B / A with its interval.
pub fn table(test: &AbTest) -> String {
    let mut rows = vec![["", "B against A", "interval", "runs of each", ""].map(str::to_owned).to_vec()];
    rows.extend(test.looks().map(|look| {
        let answer = if look.is_tested { look.answer.into_str() } else { "not tested" };
        vec![
            look.metric.heading().to_owned(),
            change(look.ratio),
            look.interval.map_or_else(|| "-".to_owned(), changes),
            look.blocks.to_string(),
            answer.to_owned(),
        ]
    }));
    columns(&rows)
}

/// For programs; `format` counts as in results folders.
pub fn json(test: &AbTest) -> Value {
    let look = |look: &Look| {
        json!({
            "metric": look.metric.column(),
            "tested": look.is_tested,
            "runs": look.blocks,
            "ratio": look.ratio,
            "ratio_low": look.interval.map(|interval| interval.low),
            "ratio_high": look.interval.map(|interval| interval.high),
            "answer": look.is_tested.then(|| look.answer.into_str()),
        })
    };
    json!({ "format": "1.0", "looks": test.looks().map(look).collect::<Vec<_>>(), "verdict": verdict(test) })
}

fn sentence(look: &Look) -> String {
    let Some(interval) = look.interval else {
        return format!("{} not known after so few runs", short(look.metric));
    };
    match look.answer {
        Answer::Open => format!("{} not known: {}", short(look.metric), changes(interval)),
        Answer::Unchanged => {
            let most = 100.0 * (interval.high - 1.0).max(1.0 / interval.low - 1.0);
            format!("{} unchanged within {most:.1} %", short(look.metric))
        }
        Answer::Improved | Answer::Regressed => {
            // By how much less or more there is of the figure.
            let grows = look.ratio > 1.0;
            let by = |ratio: f64| 100.0 * if grows { ratio - 1.0 } else { 1.0 - ratio };
            let (low, high) =
                if grows { (interval.low, interval.high) } else { (interval.high, interval.low) };
            let how = if look.answer == Answer::Improved { "faster" } else { "slower" };
            let what = match look.metric {
                Metric::Ttft => format!("{how} to the first token"),
                Metric::Otps => format!("{how} in decoding"),
                _ => format!("{how} ({})", short(look.metric)),
            };
            format!("B is {:.1} % {what} [{:.1}, {:.1}]", by(look.ratio), by(low), by(high))
        }
    }
}

fn short(metric: Metric) -> &'static str {
    match metric {
        Metric::Itps => "ITPS",
        Metric::Otps => "OTPS",
        Metric::Ttft => "TTFT",
        Metric::Runtime => "runtime",
        Metric::Memory => "memory",
    }
}

fn change(ratio: f64) -> String {
    format!("{:+.1} %", 100.0 * (ratio - 1.0))
}

fn changes(interval: Interval) -> String {
    let bound = |ratio: f64| format!("{:+.1}", 100.0 * (ratio - 1.0));
    format!("[{}, {}]", bound(interval.low), bound(interval.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(metric: Metric, ratio: f64, low: f64, high: f64, answer: Answer) -> Look {
        Look { metric, is_tested: true, blocks: 7, ratio, interval: Some(Interval { low, high }), answer }
    }

    #[test]
    fn answers_are_sentences() {
        let said = |metric, ratio, low, high, answer| sentence(&look(metric, ratio, low, high, answer));
        assert_eq!(
            said(Metric::Ttft, 0.959, 0.947, 0.971, Answer::Improved),
            "B is 4.1 % faster to the first token [2.9, 5.3]"
        );
        assert_eq!(
            said(Metric::Otps, 0.9, 0.85, 0.95, Answer::Regressed),
            "B is 10.0 % slower in decoding [5.0, 15.0]"
        );
        assert_eq!(said(Metric::Otps, 1.001, 0.993, 1.009, Answer::Unchanged), "OTPS unchanged within 0.9 %");
        assert_eq!(said(Metric::Ttft, 1.02, 0.98, 1.06, Answer::Open), "TTFT not known: [-2.0, +6.0]");
    }
}
