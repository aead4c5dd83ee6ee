//! What results say: comparisons, the cost model, the sweet spot.

pub mod baseline;
pub mod compare;
pub mod costmodel;
pub mod sweetspot;
