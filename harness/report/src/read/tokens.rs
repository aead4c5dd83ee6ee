//! `tokens.csv`: the latencies of some trials' tokens.

use super::blocks;
use slm_plan::error::Result;
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
/// Tables of format 1.0 do not name the device: it was the `only` one.
pub(super) fn sample(folder: &Path, only: &str, remarks: &mut Vec<String>) -> Result<Sampled> {
    let table = blocks::read(&folder.join("tokens.csv"), BUDGET)?;
    let columns = (table.column("trial_id"), table.column("index"), table.column("latency_ms"));
    let (Some(id), Some(index), Some(latency)) = columns else { return Ok(Sampled::default()) };
    let device = table.column("device");
    if table.share < 1.0 {
        remarks
            .push(format!("tokens.csv is long: {:.1} % of it, evenly spread, is shown", 100.0 * table.share));
    }
    let mut sampled = Sampled::default();
    for block in &table.blocks {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(block.as_slice());
        let mut record = csv::ByteRecord::new();
        let mut current = Current::default();
        // A damaged row ends its block: the rest of the table is shown all the same.
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let text = |at: usize| record.get(at).and_then(|field| std::str::from_utf8(field).ok());
            let Some(trial) = text(id) else { break };
            let Some(position) = text(index).and_then(|field| field.parse::<usize>().ok()) else { break };
            let Some(value) = text(latency).and_then(|field| field.parse::<f32>().ok()) else { break };
            let Some(device) = device.map_or(Some(only), text) else { break };
            if trial != current.trial || device != current.device {
                let next =
                    Current { device: device.to_owned(), trial: trial.to_owned(), latencies: Vec::new() };
                sampled.keep(std::mem::replace(&mut current, next));
            }
            // A trial that began before its block is not whole.
            if current.latencies.len() == position && value.is_finite() {
                current.latencies.push(value);
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
        let sampled = || sample(folder.path(), "local", &mut Vec::new()).unwrap();
        // Two devices write at the same time: their trials lie within each other's.
        let rows = "trial_id,device,index,latency_ms\nt1,a,0,1\nt1,a,1,2\nt1,b,0,5\nt2,a,0,3\n";
        std::fs::write(&path, rows).unwrap();
        let mut read = sampled();
        assert_eq!(read.take("a", "t1"), Some(vec![1.0, 2.0]));
        assert_eq!((read.take("b", "t1"), read.take("b", "t2")), (Some(vec![5.0]), None));
        std::fs::write(&path, "trial_id,index,latency_ms\nt1,0,1\n").unwrap();
        assert_eq!(sampled().take("local", "t1"), Some(vec![1.0]));
    }
}
