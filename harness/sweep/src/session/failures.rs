//! What failed on a device, over all runs of a sweep: a cell or a load that fails the same way
//! twice is given up, so that a model that always times out does not take the night.

use slm_plan::Cell;
use slm_protocol::Failure;
use std::collections::HashMap;

/// Equal failures after which a cell, or a model that cannot be loaded, is given up.
const MOST: u32 = 2;

/// Failures by what they are of.
#[derive(Debug, Default)]
pub struct Failures {
    cells: HashMap<(Cell, Failure), u32>,
    loads: HashMap<(usize, Failure), u32>,
}

impl Failures {
    /// Counts a failed trial; how many there are where that is enough.
    pub(super) fn trial(&mut self, cell: Cell, failure: Failure) -> Option<u32> {
        // `unsupported` costs no time, and a kill from outside says nothing of the cell.
        if matches!(failure, Failure::Unsupported | Failure::Killed | Failure::DeviceLost) {
            return None;
        }
        count(self.cells.entry((cell, failure)).or_default())
    }

    /// Counts a run of a model without any trial.
    pub(super) fn load(&mut self, model: usize, failure: Failure) {
        if !matches!(failure, Failure::Killed | Failure::DeviceLost) {
            count(self.loads.entry((model, failure)).or_default());
        }
    }

    /// Why a cell is not tried any more.
    pub(super) fn given_up(&self, cell: Cell) -> Option<(Failure, String)> {
        let of_cell = self.cells.iter().filter(|((of, _), _)| *of == cell);
        let of_cell = of_cell.filter(|(_, count)| **count >= MOST);
        let of_load = self.loads.iter().filter(|((of, _), count)| *of == cell.model && **count >= MOST);
        let cell = of_cell.map(|((_, failure), count)| {
            (*failure, format!("its cell was given up after {count} trials failed as {failure}"))
        });
        let load = of_load.map(|((_, failure), count)| {
            (*failure, format!("its model was given up after {count} runs failed as {failure}"))
        });
        cell.chain(load).next()
    }
}

fn count(entry: &mut u32) -> Option<u32> {
    *entry += 1;
    (*entry >= MOST).then_some(*entry)
}
