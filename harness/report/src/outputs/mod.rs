//! What models wrote, read from `events.jsonl` and put beside the prompts.

mod answer;
mod read;
mod shown;
mod text;

pub use answer::Answer;
pub(crate) use answer::limited;
pub use read::{Outputs, read};
pub(crate) use shown::{beginning_and_end, harmless};
pub use text::text;
