//! From random bytes to blocks of the quantized types, as `ggml-common.h` lays them
//! out. Random quants need no change; only the scales are shaped, so that weights
//! have a deviation of about 0.02.
//!
//! Where quants are centred by a constant, their mean is half a step below zero: a
//! random sign of the scale keeps that from adding up along a row. Where a minimum is
//! stored, it is exactly the mean of the quants. Scales are normal numbers, since some
//! processors are slow with subnormal ones.

use crate::GgmlType;

/// Shapes whole blocks of a quantized type.
pub(super) fn shape(ggml_type: GgmlType, bytes: &mut [u8]) {
    let shape = match ggml_type {
        GgmlType::Q3_K => q3_k,
        GgmlType::Q4_0 => q4_0,
        GgmlType::Q4_1 => q4_1,
        GgmlType::Q4_K => q4_k,
        GgmlType::Q5_0 => q5_0,
        GgmlType::Q5_1 => q5_1,
        GgmlType::Q5_K => q5_k,
        GgmlType::Q6_K => q6_k,
        // `WeightType` has no other quantized type.
        _ => q8_0,
    };
    #[expect(clippy::cast_possible_truncation, reason = "some hundred bytes")]
    bytes.chunks_exact_mut(ggml_type.block_bytes() as usize).for_each(shape);
}

/// Scale (f16), quants. The scale becomes ±(1 + m/1024) 2^-8 with m below 256.
fn q4_0(block: &mut [u8]) {
    block[1] = (block[1] & 0x80) | 0x1C;
}

/// Scale (f16), minimum (f16), quants. The scale becomes (64 + k)/64 2^-8 with k below
/// 16, the minimum -7.5 times that.
fn q4_1(block: &mut [u8]) {
    let k = u16::from(block[0] & 15);
    put(block, 0, f16(64 + k, -14));
    put(block, 2, 0x8000 | f16(15 * (64 + k), -15));
}

/// Scale (f16), fifth bits, quants. The scale becomes ±(1 + m/1024) 2^-9, m below 256.
fn q5_0(block: &mut [u8]) {
    block[1] = (block[1] & 0x80) | 0x18;
}

/// Scale (f16), minimum (f16), fifth bits, quants. The scale becomes (32 + k)/32 2^-9
/// with k below 8, the minimum -15.5 times that.
fn q5_1(block: &mut [u8]) {
    let k = u16::from(block[0] & 7);
    put(block, 0, f16(32 + k, -14));
    put(block, 2, 0x8000 | f16(31 * (32 + k), -15));
}

/// Scale (f16), quants. The scale becomes (1 + m/1024) 2^-12; -128 is not used, as in
/// files from llama.cpp's quantizer, whose kernels take the absolute value.
fn q8_0(block: &mut [u8]) {
    block[1] = 0x0C;
    for quant in &mut block[2..] {
        *quant = if *quant == 0x80 { 0x81 } else { *quant };
    }
}

/// High bits (32 bytes), low bits (64), 16 scales of 6 bits (12), scale (f16). The last
/// becomes ±(1.75 + m/1024) 2^-12 with m below 256; the scales stay as they are, -32 to 31.
fn q3_k(block: &mut [u8]) {
    block[109] = (block[109] & 0x80) | 0x0F;
}

/// Scale and minimum (f16), 8 scales and 8 minima of 6 bits (12 bytes), quants. The
/// scale becomes (112 + k)/64 2^-14 with k below 16.
fn q4_k(block: &mut [u8]) {
    let k = u16::from(block[0] & 15);
    put(block, 0, f16(112 + k, -20));
    put(block, 2, f16(15 * (112 + k), -21));
    minima_as_scales(block);
}

/// As `q4_k`, with fifth bits before the quants. The scale becomes (32 + k)/32 2^-14
/// with k below 2.
fn q5_k(block: &mut [u8]) {
    let k = u16::from(block[0] & 1);
    put(block, 0, f16(32 + k, -19));
    put(block, 2, f16(31 * (32 + k), -20));
    minima_as_scales(block);
}

/// Makes the 6-bit minima of a `q4_k` or `q5_k` block equal to its 6-bit scales: the
/// first four of each lie in bytes of their own, whose top bits belong to the others.
fn minima_as_scales(block: &mut [u8]) {
    for index in 4..8 {
        block[index + 4] = block[index];
        let low = block[index + 8] & 0x0F;
        block[index + 8] = low | low << 4;
    }
}

/// Low bits (128 bytes), high bits (64), 16 scales of 8 bits, scale (f16). The scales
/// become ±8 to ±23, the last one (1 + m/1024) 2^-14 with m below 256.
fn q6_k(block: &mut [u8]) {
    for scale in &mut block[192..208] {
        let magnitude = 8 + (*scale & 15);
        *scale = if *scale & 0x80 == 0 { magnitude } else { magnitude.wrapping_neg() };
    }
    block[209] = 0x04;
}

fn put(block: &mut [u8], at: usize, half: u16) {
    block[at..at + 2].copy_from_slice(&half.to_le_bytes());
}

/// The bits of the f16 number `significand` 2^`exponent`, for significands from 1 to
/// 2047 and results that are normal numbers.
fn f16(significand: u16, exponent: i16) -> u16 {
    let log = significand.ilog2().min(10);
    let fraction = (significand << (10 - log)) & 0x3FF;
    // At most 10, and the sum is 1 to 30 for a normal number.
    let biased = exponent + log as i16 + 15;
    (biased.unsigned_abs() << 10) | fraction
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn f16_value(bits: u16) -> f64 {
        let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
        let magnitude = match exponent {
            0 => fraction * 2_f64.powi(-24),
            _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
        };
        if bits & 0x8000 == 0 { magnitude } else { -magnitude }
    }

    /// The f16 number at the start of `bytes`.
    pub(in crate::random) fn half(bytes: &[u8]) -> f64 {
        f16_value(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    /// The weights in blocks, by the layouts of `ggml-common.h`; their order within a
    /// block is not the engine's.
    pub(in crate::random) fn values(ggml_type: GgmlType, bytes: &[u8]) -> Vec<f64> {
        let block_bytes = usize::try_from(ggml_type.block_bytes()).unwrap();
        bytes.chunks(block_bytes).flat_map(|block| block_values(ggml_type, block)).collect()
    }

    fn nibbles(bytes: &[u8]) -> Vec<f64> {
        bytes.iter().flat_map(|byte| [f64::from(byte & 15), f64::from(byte >> 4)]).collect()
    }

    /// With a fifth bit, taken in any order.
    fn fives(low: &[u8], high: &[u8]) -> Vec<f64> {
        let bits = high.iter().flat_map(|byte| (0..8).map(move |bit| f64::from(byte >> bit & 1)));
        nibbles(low).into_iter().zip(bits).map(|(low, bit)| low + 16.0 * bit).collect()
    }

    /// Scales and minima of a `q4_k` or `q5_k` block.
    fn pairs(packed: &[u8]) -> Vec<(f64, f64)> {
        let pair = |j: usize| match j {
            0..4 => (packed[j] & 63, packed[j + 4] & 63),
            _ => (
                (packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4,
                (packed[j + 4] >> 4) | (packed[j] >> 6) << 4,
            ),
        };
        (0..8).map(pair).map(|(scale, least)| (f64::from(scale), f64::from(least))).collect()
    }

    fn block_values(ggml_type: GgmlType, block: &[u8]) -> Vec<f64> {
        let scale = half(block);
        let centred = |quants: Vec<f64>, by: f64| quants.into_iter().map(|q| scale * (q - by)).collect();
        let affine = |quants: Vec<f64>| {
            let least = half(&block[2..]);
            quants.into_iter().map(|q| scale * q + least).collect()
        };
        let paired = |quants: Vec<f64>| {
            let least = half(&block[2..]);
            let groups = quants.chunks(32).zip(pairs(&block[4..16]));
            groups
                .flat_map(|(q, (d, m))| q.iter().map(move |q| scale * d * q - least * m).collect::<Vec<_>>())
                .collect()
        };
        match ggml_type.name() {
            "q4_0" => centred(nibbles(&block[2..]), 8.0),
            "q5_0" => centred(fives(&block[6..], &block[2..6]), 16.0),
            "q4_1" => affine(nibbles(&block[4..])),
            "q5_1" => affine(fives(&block[8..], &block[4..8])),
            "q4_K" => paired(nibbles(&block[16..])),
            "q5_K" => paired(fives(&block[48..], &block[16..48])),
            "q8_0" => {
                assert!(!block[2..].contains(&0x80));
                block[2..].iter().map(|byte| scale * f64::from(byte.cast_signed())).collect()
            }
            "q6_K" => {
                let low = nibbles(&block[..128]);
                let high = block[128..192].iter().flat_map(|byte| (0..4).map(move |at| byte >> (2 * at) & 3));
                let quants: Vec<f64> =
                    low.into_iter().zip(high).map(|(l, h)| l + 16.0 * f64::from(h) - 32.0).collect();
                let scales =
                    block[192..208].iter().map(|byte| half(&block[208..]) * f64::from(byte.cast_signed()));
                quants
                    .chunks(16)
                    .zip(scales)
                    .flat_map(|(q, d)| q.iter().map(move |q| d * q).collect::<Vec<_>>())
                    .collect()
            }
            "q3_K" => {
                let high = block[..32].iter().flat_map(|byte| (0..8).map(move |at| byte >> at & 1));
                let low = block[32..96].iter().flat_map(|byte| (0..4).map(move |at| byte >> (2 * at) & 3));
                let quants: Vec<f64> =
                    low.zip(high).map(|(l, h)| f64::from(l) + 4.0 * f64::from(h) - 4.0).collect();
                let packed = &block[96..108];
                let scale = |j: usize| {
                    let low = if j < 8 { packed[j] & 15 } else { packed[j - 8] >> 4 };
                    let high = packed[8 + j % 4] >> (2 * (j / 4)) & 3;
                    half(&block[108..]) * (f64::from(low | high << 4) - 32.0)
                };
                quants
                    .chunks(16)
                    .enumerate()
                    .flat_map(|(j, q)| q.iter().map(move |q| scale(j) * q).collect::<Vec<_>>())
                    .collect()
            }
            other => panic!("{other} is not made"),
        }
    }

    #[test]
    fn halves_are_exact_and_minima_are_means() {
        assert_eq!([f16(1, 0), f16(3, -1), f16(2047, -21), f16(64, -14)], [0x3C00, 0x3E00, 0x13FF, 0x1C00]);
        for k in 0..16 {
            assert!((f16_value(f16(15 * (112 + k), -21)) / f16_value(f16(112 + k, -20)) - 7.5).abs() < 1e-12);
            assert!((f16_value(f16(15 * (64 + k), -15)) / f16_value(f16(64 + k, -14)) - 7.5).abs() < 1e-12);
            assert!((f16_value(f16(31 * (32 + k), -15)) / f16_value(f16(32 + k, -14)) - 15.5).abs() < 1e-12);
            assert!((f16_value(f16(31 * (32 + k), -20)) / f16_value(f16(32 + k, -19)) - 15.5).abs() < 1e-12);
        }
    }

    #[test]
    fn minima_follow_the_scales() {
        let mut block: Vec<u8> = (0..144).map(|i| u8::try_from(i * 89 % 256).unwrap()).collect();
        q4_k(&mut block);
        assert!(pairs(&block[4..16]).iter().all(|(scale, least)| (scale - least).abs() < f64::EPSILON));
        assert!(pairs(&block[4..16]).iter().any(|(scale, _)| *scale > 32.0));
    }
}
