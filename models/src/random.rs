//! Random weights, the same on every platform.
//!
//! Values come from `ChaCha8` keyed by the seed and the tensor's name, so a tensor's
//! content does not depend on its place in the file. They are made of integers and
//! correctly rounded products only. The spread is about 0.02, as in freshly
//! initialised models, so that activations and logits stay finite and ordinary.

mod blocks;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use crate::{GgmlType, Role, TensorSpec};

/// Number of the way weights and headers are made; grows when files change.
pub(crate) const GENERATOR_VERSION: u32 = 1;

/// Half the width of the uniform distribution: its standard deviation is 0.02.
const SPREAD: f32 = 0.034_641_016;

/// Where a tensor's random content comes from.
pub(crate) struct Weights {
    generator: ChaCha8Rng,
    ggml_type: GgmlType,
    role: Role,
}

impl Weights {
    pub(crate) fn new(seed: u64, tensor: &TensorSpec) -> Self {
        let mut key = Sha256::new();
        key.update(seed.to_le_bytes());
        key.update(tensor.name.as_bytes());
        Self {
            generator: ChaCha8Rng::from_seed(key.finalize().into()),
            ggml_type: tensor.ggml_type,
            role: tensor.role,
        }
    }

    /// Fills `block`, a whole number of the type's blocks, with what comes next.
    pub(crate) fn fill(&mut self, block: &mut [u8]) {
        self.generator.fill_bytes(block);
        match self.ggml_type {
            GgmlType::F16 => shape_f16(block),
            GgmlType::F32 => shape_f32(block, if self.role == Role::Norm { 1.0 } else { 0.0 }),
            quantized => blocks::shape(quantized, block),
        }
    }
}

/// Twelve random bits become k 2^-16 with k from -2048 to 2047, which an f16 holds
/// exactly (deviation 0.018).
fn shape_f16(bytes: &mut [u8]) {
    for element in bytes.chunks_exact_mut(2) {
        let bits = i32::from(u16::from_le_bytes([element[0], element[1]]) >> 4);
        element.copy_from_slice(&f16_bits(bits - 2048).to_le_bytes());
    }
}

/// The bits of the f16 number `k` 2^-16, for |k| at most 2048.
fn f16_bits(k: i32) -> u16 {
    let magnitude = k.unsigned_abs();
    if magnitude == 0 {
        return 0;
    }
    let exponent = magnitude.ilog2();
    // k = 1.f * 2^exponent; f16's exponent is biased by 15. From 2^-14 on numbers are
    // normal; below, they are multiples of 2^-24.
    let bits = if exponent >= 2 {
        let fraction =
            if exponent <= 10 { magnitude << (10 - exponent) } else { magnitude >> (exponent - 10) };
        ((exponent + 15 - 16) << 10) | (fraction & 0x3FF)
    } else {
        magnitude << 8
    };
    let sign = if k < 0 { 0x8000 } else { 0 };
    u16::try_from(bits | sign).unwrap_or(0)
}

/// Uniform around `centre`: 24 random bits, exact in an f32, times the spread.
fn shape_f32(bytes: &mut [u8], centre: f32) {
    for element in bytes.chunks_exact_mut(4) {
        let bits = u32::from_le_bytes([element[0], element[1], element[2], 0]);
        let centred = (bits as f32) - 8_388_608.0;
        let value = centre + centred * (SPREAD / 8_388_608.0);
        element.copy_from_slice(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WeightType;

    fn sample(ggml_type: GgmlType, role: Role, bytes: usize) -> Vec<u8> {
        let tensor = TensorSpec { name: "blk.0.x.weight".into(), dims: vec![], ggml_type, role };
        let mut block = vec![0; bytes];
        Weights::new(7, &tensor).fill(&mut block);
        block
    }

    fn half(bytes: &[u8]) -> f64 {
        blocks::tests::half(bytes)
    }

    fn check(values: &[f64], centre: f64) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
        assert!((mean - centre).abs() < 1e-3, "mean {mean}");
        assert!((0.017..0.022).contains(&variance.sqrt()), "deviation {}", variance.sqrt());
    }

    #[test]
    fn every_type_has_the_stated_spread() {
        for quantized in WeightType::ALL.map(WeightType::ggml) {
            if !matches!(quantized, GgmlType::F16 | GgmlType::F32) {
                let bytes = usize::try_from(quantized.block_bytes()).unwrap() * 2000;
                let values = blocks::tests::values(quantized, &sample(quantized, Role::Matrix, bytes));
                assert_eq!(values.len() as u64, 2000 * quantized.block_elements());
                check(&values, 0.0);
            }
        }

        let f16: Vec<f64> = sample(GgmlType::F16, Role::Matrix, 1 << 16).chunks(2).map(half).collect();
        check(&f16, 0.0);

        for (role, centre) in [(Role::Norm, 1.0), (Role::Bias, 0.0)] {
            let bytes = sample(GgmlType::F32, role, 1 << 16);
            let values: Vec<f64> =
                bytes.chunks(4).map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect();
            check(&values, centre);
        }
    }

    #[test]
    fn f16_numbers_are_exact() {
        for k in -2048..=2048 {
            assert!(
                (half(&f16_bits(k).to_le_bytes()) - f64::from(k) / 65_536.0).abs() < f64::EPSILON * 1e-9,
                "{k}"
            );
        }
    }

    #[test]
    fn pieces_join_to_the_same_content() {
        let tensor =
            TensorSpec { name: "a".into(), dims: vec![], ggml_type: GgmlType::Q4_0, role: Role::Matrix };
        let mut whole = vec![0; 36 * 100];
        Weights::new(1, &tensor).fill(&mut whole);
        let mut pieces = vec![0; 36 * 100];
        let mut weights = Weights::new(1, &tensor);
        pieces.chunks_mut(36 * 7).for_each(|piece| weights.fill(piece));
        assert_eq!(pieces, whole);
        let other = TensorSpec { name: "b".into(), ..tensor };
        Weights::new(1, &other).fill(&mut pieces);
        assert_ne!(pieces, whole);
    }
}
