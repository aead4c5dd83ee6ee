//! Numbers in the report's texts.

use slm_plan::text::figure;
use slm_results::read::Estimate;
use slm_stats::Interval;

/// A number without needless digits: `0.2`, `15`, `1,000`, `125M`, `1.5B`.
pub(crate) fn short(value: f64) -> String {
    if value.abs() >= 1e9 {
        return format!("{}B", short(value / 1e9));
    }
    if value.abs() >= 1e6 {
        return format!("{}M", short(value / 1e6));
    }
    let digits = match value.abs() {
        v if !(1e-12..10.0).contains(&v) => 0,
        v if v >= 1.0 => 1,
        v if v >= 0.1 => 2,
        v if v >= 0.01 => 3,
        _ => 5,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if value.abs() < 1000.0 {
        return text.to_owned();
    }
    let (head, tail) = text.split_at(text.len() - 3);
    format!("{head},{tail}")
}

/// A mean with its interval: `12.3 s (11.9–12.8)`.
pub(crate) fn estimate(estimate: Estimate, unit: &str) -> String {
    let interval = estimate.interval.map(|interval| format!(" ({})", span(interval)));
    format!("{} {unit}{}", figure(estimate.mean), interval.unwrap_or_default())
}

/// An interval: `11.9–12.8`.
pub(crate) fn span(interval: Interval) -> String {
    format!("{}–{}", figure(interval.low), figure(interval.high))
}

/// Parameters: `125M`, `1.5B`.
pub(crate) fn params(params: u64) -> String {
    match params as f64 {
        p if p >= 9.95e9 => format!("{:.0}B", p / 1e9),
        p if p >= 1e9 => format!("{:.1}B", p / 1e9),
        p if p >= 1e6 => format!("{:.0}M", p / 1e6),
        p => format!("{p:.0}"),
    }
}

/// A count with its noun: `1 cell`, `3 cells`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// A share in percent that says 0 and 100 only where they are exact.
pub(crate) fn percent(part: usize, whole: usize) -> String {
    match 100.0 * part as f64 / whole.max(1) as f64 {
        share if share > 0.0 && share < 1.0 => "under 1 %".into(),
        share if share > 99.0 && share < 100.0 => "over 99 %".into(),
        share => format!("{share:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_have_no_needless_digits() {
        assert_eq!(
            [1000.0, 0.0, 1.5, 25_000.0, 2e6, 1.5e9].map(short),
            ["1,000", "0", "1.5", "25,000", "2M", "1.5B"]
        );
    }
}
