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
# -O3 into -O2.
export LLAMA_LIB_PROFILE="${LLAMA_LIB_PROFILE-Release}"

engine_include=$(cd "$(dirname "${BASH_SOURCE[0]}")/engine" && pwd)

engine_on_x86() { [ "$(uname -m)" = x86_64 ] && grep -q '^flags' /proc/cpuinfo 2>/dev/null; }

engine_set_x86_flags() {
  local cpu_flags pair
  cpu_flags=" $(grep -m1 '^flags' /proc/cpuinfo | cut -d: -f2 || true) "
  engine_cpu_has() { [[ $cpu_flags == *" $1 "* ]]; }
  if engine_cpu_has avx512f && engine_cpu_has avx512bw && engine_cpu_has avx512vl && engine_cpu_has avx512dq &&
    engine_cpu_has avx512cd; then
    export GGML_AVX512="${GGML_AVX512-ON}"
    if engine_cpu_has avx512vbmi; then export GGML_AVX512_VBMI="${GGML_AVX512_VBMI-ON}"; fi
    if engine_cpu_has avx512_vnni; then export GGML_AVX512_VNNI="${GGML_AVX512_VNNI-ON}"; fi
    if engine_cpu_has avx512_bf16; then export GGML_AVX512_BF16="${GGML_AVX512_BF16-ON}"; fi
    # Recent Xeons: prefill is twice as fast. What a packaged llama-bench takes there, too.
    # The header mends a compiler's fault; flags are split at spaces, so its path must have none.
    if engine_cpu_has amx_tile && engine_cpu_has amx_int8 && [[ $engine_include != *[[:space:]]* ]]; then
      export GGML_AMX_TILE="${GGML_AMX_TILE-ON}" GGML_AMX_INT8="${GGML_AMX_INT8-ON}"
      if [[ ${CXXFLAGS-} != *"$engine_include"* ]]; then
        export CXXFLAGS="${CXXFLAGS:+$CXXFLAGS }-include $engine_include/amx.h"
      fi
    fi
  fi
  # What the sys crate takes for granted and this CPU lacks.
  for pair in sse4_2:GGML_SSE42 avx:GGML_AVX avx2:GGML_AVX2 fma:GGML_FMA f16c:GGML_F16C bmi2:GGML_BMI2; do
    engine_cpu_has "${pair%%:*}" || export "${pair##*:}=OFF"
  done
}
if engine_on_x86; then engine_set_x86_flags; fi

# Drops an engine that was configured with other flags (a plain `cargo build` before the first `./bench`, a disk
# moved to another machine). The sys crate runs CMake's configuration once per folder and never again, so that
# cargo alone would go on with the old code while the new flags are reported.
# usage: engine_drop_if_configured_otherwise TARGET_DIR, from the project's folder
engine_drop_if_configured_otherwise() {
  local cache lines wanted pair name value
  for cache in "$1"/release/build/llama-cpp-sys-2-*/out/build/CMakeCache.txt; do
    [ -f "$cache" ] || continue
    lines=$'\n'$(grep -E '^(GGML_|CMAKE_BUILD_TYPE:)' "$cache" || true)$'\n'
    wanted="CMAKE_BUILD_TYPE=$LLAMA_LIB_PROFILE"
    if engine_on_x86; then
      wanted+=" GGML_AVX512=OFF GGML_AVX512_VBMI=OFF GGML_AVX512_VNNI=OFF GGML_AVX512_BF16=OFF"
      wanted+=" GGML_AMX_TILE=OFF GGML_AMX_INT8=OFF"
      wanted+=" GGML_SSE42=ON GGML_AVX=ON GGML_AVX2=ON GGML_FMA=ON GGML_F16C=ON GGML_BMI2=ON"
    fi
    for pair in $wanted $(compgen -e GGML_ || true); do
      name=${pair%%=*} value=${pair#*=}
      # What is exported counts more than what is taken for granted.
      if [ -n "${!name-}" ]; then value=${!name}; fi
      [[ $lines =~ $'\n'"$name":[A-Z]*="$value"$'\n' ]] && continue
      echo "the engine here was not built with $name=$value: building it anew, a few minutes" >&2
      cargo clean --quiet --release --target-dir "$1" -p llama-cpp-sys-2 >&2
      return
    done
  done
}
