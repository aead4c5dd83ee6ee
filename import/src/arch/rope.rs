//! Rotary positions: base and scaling, as old and new configurations write them.

use std::f64::consts::TAU;

use serde_json::Value;

use super::{config::Config, design::Fact};
use crate::error::{Result, refuse};

/// Base where a configuration says nothing (the first Llama's).
const DEFAULT_THETA: u32 = 10_000;

/// What a configuration says of rotation.
pub(super) struct Rope {
    pub(super) theta: u32,
    /// Metadata of linear scaling.
    pub(super) facts: Vec<(&'static str, Fact)>,
    /// Divisors of the frequencies (Llama 3's scaling).
    pub(super) divisors: Option<Vec<f32>>,
}

/// `rope_parameters` (transformers 5), or `rope_theta` and `rope_scaling` (before).
pub(super) fn read(config: &Config<'_>, dims: u32) -> Result<Rope> {
    let parameters = Config(config.get("rope_parameters").unwrap_or(&Value::Null));
    let theta = match parameters.float("rope_theta")? {
        Some(theta) => Some(theta),
        None => config.float("rope_theta")?,
    };
    let theta = theta.unwrap_or(f64::from(DEFAULT_THETA));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked right after")]
    let whole = theta as u32;
    if (f64::from(whole) - theta).abs() > 0.0 || whole == 0 {
        return refuse(format!("config.json: rope_theta {theta} is no whole number in range"));
    }
    let scaling = if parameters.0.is_object() {
        parameters
    } else {
        Config(config.get("rope_scaling").unwrap_or(&Value::Null))
    };
    let (mut facts, mut divisors) = (Vec::new(), None);
    match scaling.text("rope_type").or_else(|| scaling.text("type")).unwrap_or("default") {
        "default" => {}
        "linear" => {
            let factor = scaling.need_f32("factor")?;
            if factor < 1.0 {
                return refuse(format!("config.json: rope scaling factor {factor} is below 1"));
            }
            facts.push(("rope.scaling.type", Fact::Str("linear")));
            facts.push(("rope.scaling.factor", Fact::F32(factor)));
        }
        "llama3" => divisors = Some(llama3(&scaling, theta, dims)?),
        other => {
            return refuse(format!(
                "config.json: rope scaling {other:?} is not supported (default, linear, llama3 are)"
            ));
        }
    }
    Ok(Rope { theta: whole, facts, divisors })
}

/// Llama 3's scaling: long waves are stretched by `factor`, short ones are left alone,
/// those between are interpolated (Llama 3.1's reference code, `apply_scaling`).
fn llama3(scaling: &Config<'_>, theta: f64, dims: u32) -> Result<Vec<f32>> {
    let need = |key: &str| match scaling.float(key)? {
        Some(value) if value > 0.0 => Ok(value),
        _ => refuse(format!("config.json: rope scaling: {key} is missing or not above 0")),
    };
    let (factor, low, high) = (need("factor")?, need("low_freq_factor")?, need("high_freq_factor")?);
    let context = need("original_max_position_embeddings")?;
    if high <= low {
        return refuse("config.json: rope scaling: high_freq_factor is not above low_freq_factor");
    }
    let divisor = |index: u32| {
        let wavelength = TAU * theta.powf(f64::from(2 * index) / f64::from(dims));
        let turns = context / wavelength;
        #[expect(clippy::cast_possible_truncation, reason = "rounded to the nearest")]
        let divisor = if turns > high {
            1.0
        } else if turns < low {
            factor
        } else {
            let smooth = (turns - low) / (high - low);
            1.0 / ((1.0 - smooth) / factor + smooth)
        } as f32;
        divisor
    };
    Ok((0..dims / 2).map(divisor).collect())
}
