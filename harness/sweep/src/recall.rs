//! What one agent of a sweep found out and the next ones must go by.

use slm_protocol::{CoolDown, Job};
use std::collections::HashMap;

/// What is known of a device from earlier agents of the sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recall {
    /// Its temperature before the sweep warmed it, degrees Celsius.
    pub start_c: Option<f64>,
    /// Threads that each model (index into the plan) was loaded with.
    pub threads: HashMap<usize, u32>,
}

impl Recall {
    /// Puts into a job what is known: a second agent is started on a warm device, and
    /// a model must not change its number of threads within its cells.
    pub(crate) fn put_into(&self, job: &mut Job, model: usize) {
        if let (true, Some(&threads)) = (job.options.calibrate_threads, self.threads.get(&model)) {
            job.options.calibrate_threads = false;
            job.options.threads = Some(threads);
        }
        if let (Some(CoolDown { to_c: to_c @ None, .. }), Some(start_c)) = (&mut job.cool_down, self.start_c)
        {
            *to_c = Some(start_c + CoolDown::TOLERANCE_C);
        }
    }
}
