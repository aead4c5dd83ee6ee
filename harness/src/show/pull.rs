//! Progress of downloads on stderr: a bar on a terminal, remarks anywhere.

use super::{byte_bar, clean, note};
use crate::hub::Step;

/// Most files of a repository are small.
fn size(bytes: u64) -> String {
    if bytes < 100_000 { format!("{bytes} bytes") } else { super::bytes(bytes) }
}

/// Shows the steps of downloads, each file with a bar of its own.
pub fn pull_steps() -> impl FnMut(Step) {
    let mut bar = None;
    move |step| match step {
        Step::Start { file, bytes, have } => {
            // A terminal has the bar; elsewhere a line for each file must do.
            let from = if have > 0 { format!(", going on at {}", size(have)) } else { String::new() };
            note(&format!("{}: {}{from}", clean(file.as_str()), size(bytes)));
            let new = byte_bar();
            new.set_length(bytes);
            new.set_position(have);
            new.reset_eta();
            bar = Some(new);
        }
        Step::At(bytes) => bar.iter().for_each(|bar| bar.set_position(bytes)),
        Step::Waiting(file) => {
            note(&format!("{}: another process is downloading it, waiting", clean(file.as_str())));
        }
        Step::Again { reason, have } => {
            let from = if have > 0 { format!(" from {}", size(have)) } else { String::new() };
            let remark = format!("{}; trying again{from}", clean(&reason));
            match &bar {
                Some(bar) if !bar.is_hidden() => bar.suspend(|| note(&remark)),
                _ => note(&remark),
            }
        }
        Step::Checking(_) | Step::Ready(_) => {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        }
    }
}
