//! What the figures mean, in a few sentences: what the devices can do, and why one may
//! doubt it.

mod answers;
mod caveats;

pub(crate) use answers::answers;
pub(crate) use caveats::caveats;
