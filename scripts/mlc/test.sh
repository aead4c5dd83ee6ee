#!/usr/bin/env bash
# Compiles tiny models with PyPI's TVM, builds an agent with the bridge to it, and holds what it computes against numpy.
# usage: scripts/mlc/test.sh check        whether python3 with venv is there; one line if not
#        scripts/mlc/test.sh run FOLDER   FOLDER keeps environment, models and build between runs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

die() {
  echo "mlc: $*" >&2
  exit 1
}

make_models() {
  local base=$1 common="layers=2,d_model=256,heads=4,d_ff=512,vocab=512,context=256"
  make() { # NAME QUANTISATION SHAPE
    local out=$base/models/$1-$2-MLC
    [ -f "$out/slm-bench-mlc.json" ] && [ "$out" -nt scripts/mlc/library.py ] && [ "$out" -nt scripts/mlc/decoder.py ] &&
      [ "$out" -nt scripts/mlc/make.py ] && return
    rm -rf "$out"
    python3 scripts/mlc/make.py --environment "$base/python" --name "$1" --quantisation "$2" --shape "$3" --chunk 16 \
      --reference 6 --out "$out" >/dev/null
  }
  make tiny-llama q4f32_1 "arch=llama,kv_heads=2,tied=no,bias=no,$common"
  make tiny-mpt q4f32_1 "arch=mpt,tied=yes,bias=yes,$common"
  make tiny-mpt q4f16_1 "arch=mpt,tied=yes,bias=yes,$common"
}

case "${1-}" in
check)
  command -v python3 >/dev/null || die "no python3"
  python3 -c 'import venv, ensurepip' 2>/dev/null || die "python3 has no venv"
  ;;
run)
  base=$(mkdir -p "${2:?a folder}" && cd "$2" && pwd)
  # shellcheck source=scripts/engine-flags.sh
  . scripts/engine-flags.sh
  TVM_FFI_INCLUDE=$(python3 scripts/mlc/make.py --environment "$base/python" --install-only) || exit 3
  export TVM_FFI_INCLUDE
  make_models "$base"
  runtime=$(find "$base/models" -maxdepth 1 -name 'tvm-*' | head -n 1)
  export SLM_MLC_RUNTIME=$runtime
  SLM_MLC_TEST=$(find "$base/models" -maxdepth 1 -name '*-MLC' | sort | paste -sd:)
  export SLM_MLC_TEST
  # In a folder of its own, so that the agent beside bench stays as it is.
  CARGO_TARGET_DIR="$base/target" cargo test -p slm-agent --release --locked --features mlc engine::mlc
  export SLM_AGENT="$base/target/release/slm-agent"
  cargo test -p slm-bench --release --locked --test mlc -- --ignored
  ;;
*) die "usage: $0 check | run FOLDER" ;;
esac
