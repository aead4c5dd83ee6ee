//! The loops of the compute probe: as many products of 8-bit numbers as the CPU can begin. Nothing
//! is loaded within them, so that memory does not matter.
#![allow(unsafe_code)] // instructions that only some CPUs have

/// A loop over independent sums.
#[derive(Clone, Copy)]
pub(super) struct Kernel {
    /// By the instructions that it is made of.
    pub(super) name: &'static str,
    /// Does so many rounds.
    pub(super) run: fn(u32),
    /// Multiplications and additions of a round.
    pub(super) ops_per_round: u64,
    /// Whether no matrix product can be faster than this kernel and those behind it in the list.
    pub(super) is_fastest: bool,
}

/// Independent sums: more than the latency of an instruction times those begun in a cycle.
const SUMS: usize = 12;

/// Multiplications and additions of a round in which each sum takes so many products.
const fn ops(products: u64) -> u64 {
    2 * products * SUMS as u64
}

/// The kernels of this CPU: first the one by which runs are told apart, never none.
pub(super) fn supported() -> Vec<Kernel> {
    let mut kernels = arch::supported();
    kernels.push(GENERIC);
    kernels
}

/// What every CPU has. Engines have faster code, but where a CPU is emulated.
const GENERIC: Kernel = Kernel { name: "generic", run: generic, ops_per_round: ops(8), is_fastest: false };

fn generic(rounds: u32) {
    let factor = std::hint::black_box([0.999f32; 8]);
    let mut sums = std::hint::black_box([[1.0f32; 8]; SUMS]);
    for _ in 0..rounds {
        for sum in &mut sums {
            for (value, factor) in sum.iter_mut().zip(&factor) {
                *value = *value * factor + factor;
            }
        }
    }
    std::hint::black_box(sums);
}

#[cfg(target_arch = "x86_64")]
mod arch {
    use super::{Kernel, SUMS, ops};
    use std::{
        arch::x86_64::{
            _mm256_dpbusd_avx_epi32, _mm256_maddubs_epi16, _mm256_set1_epi8, _mm256_setzero_si256,
            _mm512_dpbusd_epi32, _mm512_maddubs_epi16, _mm512_set1_epi8, _mm512_setzero_si512,
        },
        hint::black_box,
    };

    pub(super) fn supported() -> Vec<Kernel> {
        let kernel =
            |name, run, bytes: u64| Kernel { name, run, ops_per_round: ops(bytes), is_fastest: true };
        let mut kernels = Vec::new();
        if is_x86_feature_detected!("avx512vnni") {
            // SAFETY: the CPU has the instructions, in this and all that follow.
            kernels.push(kernel("avx512-vnni", |rounds| unsafe { avx512_vnni(rounds) }, 64));
        }
        if is_x86_feature_detected!("avxvnni") {
            // SAFETY: as above.
            kernels.push(kernel("avx-vnni", |rounds| unsafe { avx_vnni(rounds) }, 32));
        }
        if is_x86_feature_detected!("avx512bw") {
            // SAFETY: as above.
            kernels.push(kernel("avx512-maddubs", |rounds| unsafe { avx512_maddubs(rounds) }, 64));
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            kernels.push(kernel("avx2-maddubs", |rounds| unsafe { avx2_maddubs(rounds) }, 32));
        }
        kernels
    }

    // The sums start from values that the compiler does not know: equal ones it would make one of.

    #[target_feature(enable = "avx512f,avx512vnni")]
    fn avx512_vnni(rounds: u32) {
        let (a, b) = black_box((_mm512_set1_epi8(3), _mm512_set1_epi8(5)));
        let mut sums = black_box([_mm512_setzero_si512(); SUMS]);
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, a, b);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx,avxvnni")]
    fn avx_vnni(rounds: u32) {
        let (a, b) = black_box((_mm256_set1_epi8(3), _mm256_set1_epi8(5)));
        let mut sums = black_box([_mm256_setzero_si256(); SUMS]);
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm256_dpbusd_avx_epi32(*sum, a, b);
            }
        }
        black_box(sums);
    }

    // Without VNNI the products come of VPMADDUBSW, and adding them takes more instructions. The
    // multiplier alone is timed here: a bound that no such code can exceed.

    #[target_feature(enable = "avx512f,avx512bw")]
    fn avx512_maddubs(rounds: u32) {
        let b = black_box(_mm512_set1_epi8(5));
        let mut sums = black_box([_mm512_set1_epi8(3); SUMS]);
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_maddubs_epi16(*sum, b);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx2")]
    fn avx2_maddubs(rounds: u32) {
        let b = black_box(_mm256_set1_epi8(5));
        let mut sums = black_box([_mm256_set1_epi8(3); SUMS]);
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm256_maddubs_epi16(*sum, b);
            }
        }
        black_box(sums);
    }
}

#[cfg(target_arch = "aarch64")]
mod arch {
    use super::{Kernel, ops};
    use std::arch::{asm, is_aarch64_feature_detected};

    pub(super) fn supported() -> Vec<Kernel> {
        let kernel =
            |name, run, products: u64| Kernel { name, run, ops_per_round: ops(products), is_fastest: true };
        let mut kernels = Vec::new();
        if is_aarch64_feature_detected!("i8mm") {
            // SAFETY: the CPU has the instruction.
            kernels.push(kernel("i8mm", |rounds| unsafe { smmla(rounds) }, 32));
        }
        if is_aarch64_feature_detected!("dotprod") {
            // SAFETY: as above.
            kernels.push(kernel("dotprod", |rounds| unsafe { sdot(rounds) }, 16));
        }
        kernels
    }

    // As numbers, since the assembler takes the names only where the whole build may use them.
    // SDOT Vd.4S, Vn.16B, Vm.16B is 0x4e809400 | m << 16 | n << 5 | d, SMMLA the same with
    // 0x4e80a400; here n is 16 and m is 17.
    macro_rules! kernel {
        ($name:ident, $instruction:literal) => {
            /// Does so many rounds.
            ///
            /// # Safety
            /// The CPU has the instruction.
            unsafe fn $name(rounds: u32) {
                // SAFETY: registers only, all of which are named; the caller knows the CPU.
                unsafe {
                    asm!(
                        "movi v16.16b, #3",
                        "movi v17.16b, #5",
                        "2:",
                        concat!(".inst ", $instruction, " + 0"),
                        concat!(".inst ", $instruction, " + 1"),
                        concat!(".inst ", $instruction, " + 2"),
                        concat!(".inst ", $instruction, " + 3"),
                        concat!(".inst ", $instruction, " + 4"),
                        concat!(".inst ", $instruction, " + 5"),
                        concat!(".inst ", $instruction, " + 6"),
                        concat!(".inst ", $instruction, " + 7"),
                        concat!(".inst ", $instruction, " + 18"),
                        concat!(".inst ", $instruction, " + 19"),
                        concat!(".inst ", $instruction, " + 20"),
                        concat!(".inst ", $instruction, " + 21"),
                        "subs {rounds:w}, {rounds:w}, #1",
                        "b.ne 2b",
                        rounds = inout(reg) rounds.max(1) => _,
                        out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                        out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                        out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                        out("v20") _, out("v21") _,
                        options(nomem, nostack),
                    );
                }
            }
        };
    }
    kernel!(sdot, "0x4e919600");
    kernel!(smmla, "0x4e91a600");
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod arch {
    pub(super) fn supported() -> Vec<super::Kernel> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn twice_the_rounds_take_about_twice_as_long() {
        for kernel in supported() {
            let time = |rounds: u32| {
                let best = (0..20).map(|_| {
                    let start = Instant::now();
                    (kernel.run)(rounds);
                    start.elapsed().as_secs_f64()
                });
                best.reduce(f64::min).unwrap()
            };
            let (once, twice) = (time(40_000), time(80_000));
            assert!(
                (1.5..2.7).contains(&(twice / once)),
                "{}: {once} s, {twice} s: nothing is computed",
                kernel.name
            );
        }
    }
}
