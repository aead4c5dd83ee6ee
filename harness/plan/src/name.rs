//! Names of a plan's models for people.

use crate::Plan;
use crate::text::clean;

/// A model's name, with its quantization where the plan has it in several of one engine,
/// and its engine where the plan has several.
pub fn model_name(plan: &Plan, name: &str, quant: &str, backend: &str) -> String {
    let own = plan.input.models.iter().filter(|other| other.engine.into_str() == backend);
    let in_others = own.clone().any(|other| other.name == name && other.quant != quant);
    let quant = if in_others { format!(" {}", clean(quant)) } else { String::new() };
    let alone = own.count() == plan.input.models.len();
    let backend = if alone { String::new() } else { format!(" ({})", clean(backend)) };
    format!("{}{quant}{backend}", clean(name))
}
