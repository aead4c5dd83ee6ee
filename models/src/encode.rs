//! Given values in ggml's simple types, bit for bit as ggml's own reference does it
//! (`quantize_row_q4_0_ref` and `quantize_row_q8_0_ref` in `ggml-quants.c`).

use half::f16;

use crate::GgmlType;

/// Elements of a group of `Q4_0` and `Q8_0`.
const GROUP: usize = 32;

/// Why values cannot be stored in a type.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// Infinite, or no number.
    #[error("holds {0}, which is no finite number")]
    NotFinite(f32),
    /// Beyond what the type (or the scale of its groups) can hold.
    #[error("holds {value}, too large for {type_name}")]
    TooLarge {
        /// The value.
        value: f32,
        /// The type's name.
        type_name: &'static str,
    },
    /// The values are no whole groups.
    #[error("has rows that are no whole groups of 32")]
    Ragged,
    /// This crate cannot encode that type.
    #[error("cannot be written as {0}")]
    Unsupported(&'static str),
}

/// Whether [`encode`] knows a type.
pub fn can_encode(ggml_type: GgmlType) -> bool {
    matches!(ggml_type, GgmlType::F32 | GgmlType::F16 | GgmlType::Q8_0 | GgmlType::Q4_0)
}

/// Appends `values` to `out` as elements of `ggml_type`: F32, F16, `Q8_0` or `Q4_0`.
///
/// # Errors
/// Nothing is clamped or dropped in silence: see [`EncodeError`].
pub fn encode(values: &[f32], ggml_type: GgmlType, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(EncodeError::NotFinite(*value));
    }
    match ggml_type {
        GgmlType::F32 => out.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        GgmlType::F16 => {
            for value in values {
                out.extend(half(*value, *value, ggml_type)?);
            }
        }
        GgmlType::Q4_0 | GgmlType::Q8_0 => {
            let (groups, rest) = values.as_chunks::<GROUP>();
            if !rest.is_empty() {
                return Err(EncodeError::Ragged);
            }
            for group in groups {
                if ggml_type == GgmlType::Q4_0 { q4_0(group, out)? } else { q8_0(group, out)? }
            }
        }
        other => return Err(EncodeError::Unsupported(other.name())),
    }
    Ok(())
}

/// A number as f16, rounded to the nearest; `cause` is the value to blame.
fn half(number: f32, cause: f32, ggml_type: GgmlType) -> Result<[u8; 2], EncodeError> {
    let number = f16::from_f32(number);
    if number.is_finite() {
        return Ok(number.to_le_bytes());
    }
    Err(EncodeError::TooLarge { value: cause, type_name: ggml_type.name() })
}

/// The value of the largest magnitude, the first of equals.
fn extreme(group: &[f32; GROUP]) -> f32 {
    group.iter().copied().fold(0.0, |most: f32, value| if value.abs() > most.abs() { value } else { most })
}

fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

/// The extreme value becomes -8; the others are rounded to 16 steps. Byte `i` holds
/// elements `i` (low half) and `i + 16`.
fn q4_0(group: &[f32; GROUP], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let extreme = extreme(group);
    let scale = extreme / -8.0;
    let inverse = inverse(scale);
    out.extend(half(scale, extreme, GgmlType::Q4_0)?);
    // From 0.5 to 16.5, cut off; 16.5 is what the value opposite to the extreme gives.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounds as ggml does")]
    let quant = |value: f32| ((value * inverse + 8.5) as u8).min(15);
    let (low, high) = group.split_at(GROUP / 2);
    out.extend(low.iter().zip(high).map(|(low, high)| quant(*low) | quant(*high) << 4));
    Ok(())
}

/// The extreme value becomes 127 or -127; halves are rounded away from zero.
fn q8_0(group: &[f32; GROUP], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let extreme = extreme(group);
    let scale = extreme.abs() / 127.0;
    let inverse = inverse(scale);
    out.extend(half(scale, extreme, GgmlType::Q8_0)?);
    #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
    let quant = |value: f32| ((value * inverse).round() as i8).cast_unsigned();
    out.extend(group.iter().map(|value| quant(*value)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256_hex;
    use proptest::prelude::*;

    fn encoded(values: &[f32], ggml_type: GgmlType) -> Vec<u8> {
        let mut out = Vec::new();
        encode(values, ggml_type, &mut out).unwrap();
        out
    }

    fn scale(block: &[u8]) -> f32 {
        f16::from_le_bytes([block[0], block[1]]).to_f32()
    }

    /// Values back from one block.
    fn decoded(block: &[u8], ggml_type: GgmlType) -> Vec<f32> {
        let scale = scale(block);
        if ggml_type == GgmlType::Q8_0 {
            return block[2..].iter().map(|byte| scale * f32::from(byte.cast_signed())).collect();
        }
        let halves = [0, 4].map(|shift| block[2..].iter().map(move |byte| byte >> shift & 15));
        halves.into_iter().flatten().map(|quant| scale * (f32::from(quant) - 8.0)).collect()
    }

    #[test]
    fn what_cannot_be_stored_is_refused() {
        let mut out = Vec::new();
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let values = [bad; 32];
            for ggml_type in [GgmlType::F32, GgmlType::F16, GgmlType::Q8_0, GgmlType::Q4_0] {
                assert!(matches!(encode(&values, ggml_type, &mut out), Err(EncodeError::NotFinite(_))));
            }
        }
        // 65,504 is the largest f16; from 65,520 on the nearest would be infinite.
        assert!(encode(&[65_519.0], GgmlType::F16, &mut out).is_ok());
        assert!(matches!(encode(&[65_520.0], GgmlType::F16, &mut out), Err(EncodeError::TooLarge { .. })));
        assert!(encode(&[1e6; 32], GgmlType::Q8_0, &mut out).is_ok());
        assert!(encode(&[1e6; 32], GgmlType::Q4_0, &mut out).is_err());
        assert_eq!(encode(&[0.0; 33], GgmlType::Q4_0, &mut out), Err(EncodeError::Ragged));
        for weight_type in crate::WeightType::ALL {
            let ggml_type = weight_type.ggml();
            let refused = encode(&[0.0; 256], ggml_type, &mut out);
            let expected = Err(EncodeError::Unsupported(ggml_type.name()));
            assert_eq!(refused, if can_encode(ggml_type) { Ok(()) } else { expected });
        }
    }

    /// Hashes of what `gguf` 0.19.0's Python port of ggml's reference makes of the same values:
    ///
    /// ```text
    /// i = np.arange(32 * 4000, dtype=np.uint64); k = ((i * 2654435761) % 2**32) >> 8; e = (i // 32) % 20
    /// x = ((k.astype(float) - 2**23) * 2.0 ** (e.astype(float) - 33)).astype(np.float32); x[160:192] = 0
    /// hashlib.sha256(gguf.quants.quantize(x.reshape(-1, 32), GGMLQuantizationType.Q4_0).tobytes()).hexdigest()
    /// ```
    #[test]
    fn bytes_are_those_of_the_reference() {
        let value = |index: u64| {
            let bits = u32::try_from((index * 2_654_435_761) & 0xFFFF_FFFF).unwrap() >> 8;
            let exponent = i32::try_from(index / 32 % 20).unwrap() - 33;
            (bits as f32 - 8_388_608.0) * 2_f32.powi(exponent)
        };
        let mut values: Vec<f32> = (0..32 * 4000).map(value).collect();
        values[160..192].fill(0.0);
        for (ggml_type, expected) in [
            (GgmlType::Q4_0, "d4062ffa8e2fad228903a52051d05f24a7d5f65485da463c03b74eea6c8ef57d"),
            (GgmlType::Q8_0, "a8ef95357db44d295cfb6b6d63d7a92490c01f545963cdead250c19ed7fec593"),
            (GgmlType::F16, "8276926e959928eda088a8cdab6be2870a0bb7538a5686fdeccefced9d70adbb"),
        ] {
            let bytes = encoded(&values, ggml_type);
            assert_eq!(sha256_hex(bytes), expected, "{ggml_type}");
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        assert_eq!(encoded(&[0.0; 32], GgmlType::Q8_0), [0; 34]);
        let block = encoded(&[0.0; 32], GgmlType::Q4_0);
        assert!(decoded(&block, GgmlType::Q4_0).iter().all(|value| *value == 0.0));
    }

    proptest! {
        /// No value is further from what was given than half a step (and for `Q4_0` a
        /// whole one at the end that has no level of its own), and the scale's rounding.
        #[test]
        fn values_come_back_within_a_step(
            values in proptest::collection::vec(-3.0_f32..3.0, 32),
            size in prop::sample::select(vec![1e-3_f32, 1.0, 1e3]),
        ) {
            let values: Vec<f32> = values.iter().map(|value| value * size).collect();
            let extreme = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            for (ggml_type, step) in [(GgmlType::Q4_0, extreme / 8.0), (GgmlType::Q8_0, extreme / 254.0)] {
                let block = encoded(&values, ggml_type);
                prop_assert_eq!(block.len() as u64, ggml_type.block_bytes());
                // Of the scale's 11 bits, or the last bit of a subnormal one, times 128 steps.
                let rounding = (extreme * 1e-3).max(128.0 * 2.0_f32.powi(-25));
                for (given, found) in values.iter().zip(decoded(&block, ggml_type)) {
                    prop_assert!((given - found).abs() <= step * 1.001 + rounding, "{given} {found}");
                }
            }
            let f32_back: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            prop_assert_eq!(encoded(&values, GgmlType::F32), f32_back);
        }
    }
}
