//! Progress of quantising on stderr.

use super::count_bar;
use crate::quantise::Doing;
use indicatif::ProgressBar;

/// Shows how far a quantisation is, with a bar that goes when it ends.
pub fn quantise_steps() -> impl FnMut(Doing) {
    let bar = Cleared(count_bar());
    move |doing| match doing {
        Doing::Tensor { done, of } => {
            bar.0.set_length(of.into());
            bar.0.set_position(done.into());
        }
        Doing::Checking => bar.0.set_message("loading the result"),
        Doing::Hashing => bar.0.set_message("hashing"),
    }
}

struct Cleared(ProgressBar);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
