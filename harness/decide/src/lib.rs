//! What results say, as values: comparisons, histories, a cost model, the sweet spot. The
//! texts and tables that show them are `slm-report`'s.

pub mod ab;
pub mod baseline;
pub mod compare;
pub mod cost_model;
pub mod history;
pub mod sweet_spot;
