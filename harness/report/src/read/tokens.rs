//! `tokens.csv`: the latencies of some trials' tokens.

use super::blocks;
use slm_plan::error::Result;
use slm_results::schema::{Layout, Row, TokenRow};
use std::{collections::HashMap, path::Path};

/// Bytes of the table that are read at most.
const BUDGET: usize = 48 << 20;

/// Latencies by device and trial, milliseconds. Whole trials only.
#[derive(Debug, Default)]
pub(super) struct Sampled(HashMap<String, HashMap<String, Vec<f32>>>);

/// The trial that is being read.
#[derive(Default)]
struct Current {
    device: String,
    trial: String,
    latencies: Vec<f32>,
}

/// Reads the table, or a sample of it; notes in `remarks` when it is a sample.
pub(super) fn sample(folder: &Path, remarks: &mut Vec<String>) -> Result<Sampled> {
    let table = blocks::read(&folder.join(TokenRow::TABLE.file_name()), BUDGET)?;
    let layout: Layout<TokenRow> = table.layout();
    if !layout.is_whole() {
        return Ok(Sampled::default());
    }
    if table.share < 1.0 {
        remarks
            .push(format!("tokens.csv is long: {:.1} % of it, evenly spread, is shown", 100.0 * table.share));
    }
    let mut sampled = Sampled::default();
    for block in &table.blocks {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(block.as_slice());
        let mut record = csv::StringRecord::new();
        let mut current = Current::default();
        // A damaged row ends its block: the rest of the table is shown all the same.
        while reader.read_record(&mut record).unwrap_or(false) {
            let Ok(row) = layout.row(&record) else { break };
            if row.trial_id != current.trial || row.device != current.device {
                let next = Current { device: row.device, trial: row.trial_id, latencies: Vec::new() };
                sampled.keep(std::mem::replace(&mut current, next));
            }
            // A trial that began before its block is not whole.
            if current.latencies.len() == row.index as usize {
                #[expect(clippy::cast_possible_truncation, reason = "seven digits are enough for a plot")]
                current.latencies.push(row.latency_ms as f32);
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
    /// Takes the latencies of a trial.
    pub(super) fn take(&mut self, device: &str, trial: &str) -> Option<Vec<f32>> {
        self.0.get_mut(device)?.remove(trial)
    }

    fn keep(&mut self, Current { device, trial, latencies }: Current) {
        if !latencies.is_empty() {
            self.0.entry(device).or_default().insert(trial, latencies);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_of_one_name_on_two_devices_are_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.csv");
        let sampled = || sample(folder.path(), &mut Vec::new()).unwrap();
        // Two devices write at the same time: their trials lie within each other's.
        let rows = "trial_id,device,index,latency_ms\nt1,a,0,1\nt1,a,1,2\nt1,b,0,5\nt2,a,0,3\n";
        std::fs::write(&path, rows).unwrap();
        let mut read = sampled();
        assert_eq!(read.take("a", "t1"), Some(vec![1.0, 2.0]));
        assert_eq!((read.take("b", "t1"), read.take("b", "t2")), (Some(vec![5.0]), None));
    }
}
