//! `tokens.csv`.

use super::row::{Check, table};

table! {
    /// A row for each output token. Rows of a trial stand together, in order.
    pub struct TokenRow in "tokens" {
        /// The trial
        pub trial_id: String,
        /// Device by name
        pub device: String,
        /// From 0
        pub index: u32,
        /// Of token 0 the TTFT, of others the time since the token before; together `runtime_s`
        pub latency_ms: f64 ["ms", NotNegative],
    }
}

impl Check for TokenRow {}
