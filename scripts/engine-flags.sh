# shellcheck shell=bash
# Sourced before cargo: build flags of the engine for this machine's CPU. What is set already is kept.
#
# x86-64: without flags the sys crate builds for AVX2+FMA+F16C. `target-cpu=native` is not used: on CPUs with
# AVX512-FP16 it makes flash-attention decode three times slower.
# aarch64 Linux: the sys crate fixes armv8-a (no dot product) and nothing set here can change that, so figures
# of an ARM laptop or server are those of the baseline instruction set. The agent reports what it was built for.
# Elsewhere the engine's own defaults hold.
#
# The profile is named because the line tables that our release profile keeps would otherwise turn the engine's
# -O3 into -O2. It is also the one variable whose change the sys crate always notices: an engine built by a
# plain `cargo build`, without these flags, is rebuilt.
export LLAMA_LIB_PROFILE="${LLAMA_LIB_PROFILE-Release}"

_set_x86_flags() {
  local cpu_flags pair
  cpu_flags=" $(grep -m1 '^flags' /proc/cpuinfo | cut -d: -f2 || true) "
  _has() { [[ $cpu_flags == *" $1 "* ]]; }
  if _has avx512f && _has avx512bw && _has avx512vl && _has avx512dq && _has avx512cd; then
    export GGML_AVX512="${GGML_AVX512-ON}"
    if _has avx512vbmi; then export GGML_AVX512_VBMI="${GGML_AVX512_VBMI-ON}"; fi
    if _has avx512_vnni; then export GGML_AVX512_VNNI="${GGML_AVX512_VNNI-ON}"; fi
    if _has avx512_bf16; then export GGML_AVX512_BF16="${GGML_AVX512_BF16-ON}"; fi
  fi
  # What the sys crate takes for granted and this CPU lacks.
  for pair in sse4_2:GGML_SSE42 avx:GGML_AVX avx2:GGML_AVX2 fma:GGML_FMA f16c:GGML_F16C bmi2:GGML_BMI2; do
    _has "${pair%%:*}" || export "${pair##*:}=OFF"
  done
  unset -f _has
}
if [ "$(uname -m)" = x86_64 ] && grep -q '^flags' /proc/cpuinfo 2>/dev/null; then _set_x86_flags; fi
unset -f _set_x86_flags
