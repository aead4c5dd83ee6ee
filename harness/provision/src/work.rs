//! What work on model files needs and tells.

use crate::{hub, quantize_step::QuantizeStep};
use slm_plan::interrupt::Interrupt;

/// What is being done for a model's file. Libraries only tell; the command line shows.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A step of a download.
    Pull(hub::Step<'a>),
    /// A checkpoint was read and is converted.
    Importing {
        /// Its architecture, parameters and tokenizer, in words.
        what: String,
        /// What the user should know of it, one line each.
        remarks: Vec<String>,
    },
    /// Bytes of a converted file written, of how many.
    Written {
        /// So far.
        done: u64,
        /// In all.
        total: u64,
    },
    /// The converted file ended, well or not.
    WritingEnded,
    /// A step of a quantization.
    Quantize(QuantizeStep),
    /// A quantization ended, well or not.
    QuantizeEnded,
    /// Tensors that cannot have the type meant for them, in words.
    Fallbacks(String),
    /// A synthetic model is made.
    Making {
        /// The model's name.
        model: &'a str,
        /// Size of its file.
        bytes: u64,
    },
    /// The file whose real weights stand for a model.
    RealWeights {
        /// The model's name.
        model: &'a str,
        /// The file.
        file: String,
    },
}

/// Whoever is told.
pub type Tell<'a> = &'a (dyn Fn(Event<'_>) + 'a);

/// The surroundings of work on model files.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The user's wish to stop.
    pub interrupt: &'a Interrupt,
    /// Whoever shows how far it is.
    pub tell: Tell<'a>,
}

impl Work<'_> {
    /// Tells one event.
    pub fn tell(&self, event: Event<'_>) {
        (self.tell)(event);
    }

    /// For the hub, which tells its own steps.
    pub fn pull_steps(&self) -> impl FnMut(hub::Step<'_>) {
        |step| self.tell(Event::Pull(step))
    }
}
