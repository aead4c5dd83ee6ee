//! Factors as percentages.

use slm_stats::Interval;

/// A factor as a percentage with so many digits: `-5.2 %`; without any from 100 % on.
pub(super) fn percent(factor: f64, digits: usize) -> String {
    let change = 100.0 * (factor - 1.0);
    let digits = if change.abs() < 99.95 { digits } else { 0 };
    let text = format!("{change:+.digits$}");
    // No change has no sign.
    if text.trim_start_matches(['+', '-']).parse() == Ok(0.0) {
        format!("{:.digits$} %", 0.0)
    } else {
        format!("{text} %")
    }
}

/// The same of an interval: `-6.1 to -4.3 %`.
pub(super) fn percents(interval: Interval, digits: usize) -> String {
    let low = percent(interval.low, digits);
    format!("{} to {}", low.trim_end_matches(" %"), percent(interval.high, digits))
}
