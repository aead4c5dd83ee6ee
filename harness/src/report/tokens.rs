//! `tokens.csv`: the latencies of some trials' tokens.

use super::blocks;
use crate::error::Result;
use std::{collections::HashMap, path::Path};

/// Bytes of the table that are read at most.
const BUDGET: usize = 48 << 20;

/// Latencies by trial, milliseconds.
#[derive(Debug, Default)]
pub(super) struct Sampled {
    /// Whole trials only.
    pub(super) trials: HashMap<String, Vec<f32>>,
}

/// Reads the table, or a sample of it; notes in `remarks` when it is a sample.
pub(super) fn sample(folder: &Path, remarks: &mut Vec<String>) -> Result<Sampled> {
    let table = blocks::read(&folder.join("tokens.csv"), BUDGET)?;
    let columns = (table.column("trial_id"), table.column("index"), table.column("latency_ms"));
    let (Some(id), Some(index), Some(latency)) = columns else { return Ok(Sampled::default()) };
    if table.share < 1.0 {
        remarks
            .push(format!("tokens.csv is long: {:.1} % of it, evenly spread, is shown", 100.0 * table.share));
    }
    let mut sampled = Sampled::default();
    for block in &table.blocks {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(block.as_slice());
        let mut record = csv::ByteRecord::new();
        let mut current = (String::new(), Vec::new());
        // A damaged row ends its block: the rest of the table is shown all the same.
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let text = |at: usize| record.get(at).and_then(|field| std::str::from_utf8(field).ok());
            let Some(trial) = text(id) else { break };
            let Some(position) = text(index).and_then(|field| field.parse::<usize>().ok()) else { break };
            let Some(value) = text(latency).and_then(|field| field.parse::<f32>().ok()) else { break };
            if trial != current.0 {
                sampled.keep(std::mem::replace(&mut current, (trial.to_owned(), Vec::new())));
            }
            // A trial that began before its block is not whole.
            if current.1.len() == position && value.is_finite() {
                current.1.push(value);
            }
        }
        // The last trial of a block may go on after it.
        if table.share >= 1.0 {
            sampled.keep(current);
        }
    }
    Ok(sampled)
}

impl Sampled {
    fn keep(&mut self, (trial, latencies): (String, Vec<f32>)) {
        if !latencies.is_empty() {
            self.trials.insert(trial, latencies);
        }
    }
}
