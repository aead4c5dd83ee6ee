//! Names of the checks that need what not every device or engine tells.

/// A check that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Check {
    /// Whether the prefill was slower than memory and multipliers allow.
    Compute,
    /// Whether tokens were slower than the memory allows.
    Bandwidth,
    /// Whether the CPU's clocks were up.
    Clocks,
    /// Whether other processes ran.
    Contention,
    /// Whether the times account for the time that passed.
    Elapsed,
    /// Whether all prompt tokens were evaluated.
    EvaluatedTokens,
}

impl Check {
    /// Several of them in a field of a table: names with spaces between; `None` for none.
    pub(crate) fn join(checks: &[Self]) -> Option<String> {
        let names: Vec<String> = checks.iter().map(ToString::to_string).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }
}
