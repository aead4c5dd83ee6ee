//! Phi-3 and Phi-4-mini, but for their long-context variants.

use serde_json::json;

use super::{
    config::Config,
    design::{Design, common, limit_to_window, shape, tied},
    rope,
};
use crate::error::{Result, refuse};

pub(super) fn design(config: &Config<'_>, has_head: bool) -> Result<Design> {
    config.only("hidden_act", &[json!("silu")])?;
    config.only("attention_bias", &[json!(false)])?;
    let mut notes = Vec::new();
    let mut draft = common(config, "phi3")?;
    limit_to_window(config, &mut draft, &mut notes)?;
    let (width, heads) = (config.need("hidden_size")?, config.need("num_attention_heads")?);
    let head_dim = width.checked_div(heads).unwrap_or(0);
    let rotated = rotated(config, head_dim)?;
    let rope = rope::read(config, rotated)?;
    if !rope.facts.is_empty() || rope.divisors.is_some() {
        return refuse("config.json: rope scaling is not supported for phi3");
    }
    draft.head_dim = Some(head_dim);
    draft.rotary_dims = Some(rotated);
    draft.rope_theta = Some(rope.theta);
    draft.tied = Some(tied(config, has_head)?);
    Ok(Design {
        shape: shape(draft)?,
        trained_context: config.need("max_position_embeddings")?,
        epsilon: config.need_f32("rms_norm_eps")?,
        facts: Vec::new(),
        frequency_divisors: None,
        attention_bias: false,
        notes,
    })
}

/// Rotated elements of each head.
fn rotated(config: &Config<'_>, head_dim: u32) -> Result<u32> {
    let share = match config.get("rope_parameters") {
        Some(parameters) => Config(parameters).float("partial_rotary_factor")?,
        None => None,
    };
    let share = match share {
        Some(share) => Some(share),
        None => config.float("partial_rotary_factor")?,
    };
    let share = share.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&share) {
        return refuse(format!("config.json: partial_rotary_factor {share} is not between 0 and 1"));
    }
    // Cut off, as torch does.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and head_dim")]
    let rotated = (f64::from(head_dim) * share) as u32;
    Ok(rotated)
}
