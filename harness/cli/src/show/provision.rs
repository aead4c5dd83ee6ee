//! Work on model files, on stderr: a bar on a terminal, remarks anywhere.

use super::{byte_bar, count_bar, note};
use indicatif::ProgressBar;
use slm_plan::text::{bytes, clean};
use slm_provision::{Event, QuantizeStep, hub};
use std::cell::RefCell;

/// Shows events of work on model files.
#[derive(Default)]
pub struct ModelWork {
    bar: RefCell<Option<ProgressBar>>,
}

impl ModelWork {
    /// Shows one.
    pub fn show(&self, event: Event<'_>) {
        match event {
            Event::Pull(step) => self.pull(step),
            Event::Importing { what, remarks } => {
                note(&clean(&what));
                for remark in remarks {
                    note(&format!("bench: {}", clean(&remark)));
                }
            }
            Event::Written { done, total } => self.with(byte_bar, |bar| {
                bar.set_length(total);
                bar.set_position(done);
            }),
            Event::Quantize(step) => self.with(count_bar, |bar| match step {
                QuantizeStep::Tensor { done, of } => {
                    bar.set_length(of.into());
                    bar.set_position(done.into());
                }
                QuantizeStep::Checking => bar.set_message("loading the result"),
                QuantizeStep::Hashing => bar.set_message("hashing"),
            }),
            Event::WritingEnded | Event::QuantizeEnded => self.clear(),
            Event::Fallbacks(text) => self.note(&clean(&text)),
            Event::Making { model, bytes: size } => {
                self.note(&format!("making {} ({})", clean(model), bytes(size)));
            }
            Event::RealWeights { model, file } => {
                self.note(&format!("{}: real weights of {}", clean(model), clean(&file)));
            }
        }
    }

    fn pull(&self, step: hub::Step<'_>) {
        match step {
            hub::Step::Start { file, bytes, have } => {
                // A terminal has the bar; elsewhere a line for each file must do.
                let from = if have > 0 { format!(", going on at {}", size(have)) } else { String::new() };
                note(&format!("{}: {}{from}", clean(file.as_str()), size(bytes)));
                let new = byte_bar();
                new.set_length(bytes);
                new.set_position(have);
                new.reset_eta();
                self.bar.replace(Some(new));
            }
            hub::Step::At(bytes) => self.with(byte_bar, |bar| bar.set_position(bytes)),
            hub::Step::Waiting(file) => {
                self.note(&format!("{}: another process is downloading it, waiting", clean(file.as_str())));
            }
            hub::Step::Again { reason, have } => {
                let from = if have > 0 { format!(" from {}", size(have)) } else { String::new() };
                self.note(&format!("{}; trying again{from}", clean(&reason)));
            }
            hub::Step::Checking(_) | hub::Step::Ready(_) => self.clear(),
        }
    }

    fn with(&self, new: impl FnOnce() -> ProgressBar, set: impl FnOnce(&ProgressBar)) {
        set(self.bar.borrow_mut().get_or_insert_with(new));
    }

    /// A remark above the bar.
    fn note(&self, text: &str) {
        match self.bar.borrow().as_ref() {
            Some(bar) if !bar.is_hidden() => bar.suspend(|| note(text)),
            _ => note(text),
        }
    }

    fn clear(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for ModelWork {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Most files of a repository are small.
fn size(count: u64) -> String {
    if count < 100_000 { format!("{count} bytes") } else { bytes(count) }
}
