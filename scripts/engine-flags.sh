# shellcheck shell=bash
# Sourced by bench and test: build flags of the engine for this machine's CPU.
#
# Without flags the sys crate builds for AVX2+FMA+F16C. `target-cpu=native` is not
# used: on CPUs with AVX512-FP16 it makes flash-attention decode three times slower.
# The flags are kept in the agent (see device-agent/build.rs) and in the results.
if [ "$(uname -m)" = x86_64 ] && [ -r /proc/cpuinfo ]; then
  cpu_flags=" $(grep -m1 '^flags' /proc/cpuinfo | cut -d: -f2) "
  has() { case "$cpu_flags" in *" $1 "*) return 0 ;; *) return 1 ;; esac; }
  if has avx512f && has avx512bw && has avx512vl && has avx512dq && has avx512cd; then
    export GGML_AVX512=ON
    if has avx512_vbmi || has avx512vbmi; then export GGML_AVX512_VBMI=ON; fi
    if has avx512_vnni; then export GGML_AVX512_VNNI=ON; fi
    if has avx512_bf16; then export GGML_AVX512_BF16=ON; fi
  fi
  for pair in avx2:GGML_AVX2 fma:GGML_FMA f16c:GGML_F16C bmi2:GGML_BMI2 avx:GGML_AVX sse4_2:GGML_SSE42; do
    has "${pair%%:*}" || export "${pair##*:}=OFF"
  done
  unset -f has
  unset cpu_flags pair
fi
