#!/usr/bin/env bash
# Compiles tiny models with PyPI's TVM, builds an agent with the bridge to it, holds what it computes against numpy, and
# plays MLC-LLM's engine with a stand-in (standin/). One step from nothing, about two minutes after ./test.
# usage: tools/mlc/tests/run.sh check        whether python3 with venv is there; one line if not
#        tools/mlc/tests/run.sh versions     whether docs/mlc.md names the versions of requirements.txt
#        tools/mlc/tests/run.sh run FOLDER   FOLDER keeps environment, models and agent between runs; ends with 3 where
#                                            the packages cannot be installed
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
requirements=tools/mlc/slm_mlc/requirements.txt

die() {
  echo "mlc: $*" >&2
  exit 1
}

# Figures name these versions, so the document must not lag behind.
check_versions() {
  local name version
  while IFS='=' read -r name _ version; do
    grep -qF "$name $version" docs/mlc.md || die "docs/mlc.md does not name $name $version ($requirements)"
  done < <(grep '^apache-tvm' "$requirements")
}

# The headers have a version of their own.
check_header_version() {
  local version
  version=$(awk '/^#define TVM_FFI_VERSION_(MAJOR|MINOR|PATCH) / { v = v sep $3; sep = "." } END { print v }' \
    "$TVM_FFI_INCLUDE/tvm/ffi/c_api.h")
  grep -qF "headers are of version $version" docs/mlc.md || die "docs/mlc.md does not say: headers are of version $version"
}

make_models() {
  local base=$1 common="layers=2,d_model=256,heads=4,d_ff=512,vocab=512,context=256"
  make() { # NAME QUANTIZATION SHAPE
    local out=$base/models/$1-$2-MLC
    [ -f "$out/slm-bench-mlc.json" ] &&
      [ -z "$(find tools/mlc/slm_mlc tools/mlc/tests/reference.py -name '*.py' -newer "$out" -print -quit)" ] && return
    rm -rf "$out"
    python3 tools/mlc/tests/reference.py --environment "$base/python" --name "$1" --quantization "$2" --shape "$3" \
      --chunk 16 --out "$out" >/dev/null
  }
  make tiny-llama q4f32_1 "arch=llama,kv_heads=2,tied=no,bias=no,$common"
  make tiny-mpt q4f32_1 "arch=mpt,tied=yes,bias=yes,$common"
  make tiny-mpt q4f16_1 "arch=mpt,tied=yes,bias=yes,$common"
}

# An agent with TVM's engines, as FOLDER/slm-agent. In the same target folder as all else, so that llama.cpp is not
# compiled again; the agent beside bench is then put back, which compiles nothing.
build_agent() {
  local base=$1 build=(cargo build --workspace --release --locked --bin slm-agent)
  "${build[@]}" --features slm-agent/mlc
  cp "${CARGO_TARGET_DIR:-target}/release/slm-agent" "$base/slm-agent.part"
  mv "$base/slm-agent.part" "$base/slm-agent"
  "${build[@]}"
}

run() {
  local base=$1 log
  check_versions
  TVM_FFI_INCLUDE=$(python3 tools/mlc --environment "$base/python" --install-only) || exit 3
  export TVM_FFI_INCLUDE
  check_header_version
  make_models "$base"
  SLM_MLC_RUNTIME=$(find "$base/models" -maxdepth 1 -name 'tvm-*' | head -n 1)
  SLM_MLC_TEST=$(find "$base/models" -maxdepth 1 -name '*-MLC' | sort | paste -sd:)
  SLM_MLC_STANDIN=$base/standin
  export SLM_MLC_RUNTIME SLM_MLC_TEST SLM_MLC_STANDIN
  tools/mlc/tests/standin/make.sh "$SLM_MLC_RUNTIME" "$base/models/tiny-llama-q4f32_1-MLC" "$SLM_MLC_STANDIN"
  build_agent "$base"
  cargo test --workspace --release --locked --features slm-agent/mlc --bin slm-agent engine::mlc
  log=$(mktemp)
  SLM_AGENT=$base/slm-agent cargo test --workspace --release --locked --test mlc --test mlc_engine -- --ignored |
    tee "$log"
  # For ./test, which counted them as ignored.
  awk '/^test result:/ { n += $4 } END { print "mlc: " n " ignored tests passed" }' "$log"
  rm -f "$log"
}

case "${1-}" in
check)
  command -v python3 >/dev/null || die "no python3"
  python3 -c 'import venv, ensurepip' 2>/dev/null || die "python3 has no venv"
  ;;
versions) check_versions ;;
run)
  base=$(mkdir -p "${2:?a folder}" && cd "$2" && pwd)
  run "$base"
  ;;
*) die "usage: $0 check | versions | run FOLDER" ;;
esac
