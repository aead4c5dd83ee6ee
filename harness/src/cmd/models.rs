//! x
use super::Outcome;
use crate::{cli::ModelsCommand, error::Result};
pub(super) fn run(_: ModelsCommand) -> Result<Outcome> {
    Ok(Outcome::Done)
}
