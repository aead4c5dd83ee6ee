#!/usr/bin/env bash
# Compiles a tiny model for aarch64 with PyPI's TVM, builds the agent for it, and measures it on the test phone.
# usage: tools/mlc/tests/phone.sh check        whether it can run here; one line if not
#        tools/mlc/tests/phone.sh run FOLDER   FOLDER keeps environment and model between runs (that of run.sh serves)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

die() {
  echo "mlc: $*" >&2
  exit 1
}

case "${1-}" in
check)
  tools/mlc/tests/run.sh check
  scripts/test-phone.sh check
  ;;
run)
  base=$(mkdir -p "${2:?a folder}" && cd "$2" && pwd)
  TVM_FFI_INCLUDE=$(python3 tools/mlc --environment "$base/python" --install-only) || exit 3
  export TVM_FFI_INCLUDE
  model=$base/aarch64/tiny-mpt-q4f32_1-aarch64-MLC
  if ! [ -f "$model/slm-bench-mlc.json" ] || [ -n "$(find tools/mlc/slm_mlc -name '*.py' -newer "$model" -print -quit)" ]; then
    rm -rf "$model"
    python3 tools/mlc --environment "$base/python" --name tiny-mpt --quantization q4f32_1 --chunk 16 \
      --shape "arch=mpt,tied=yes,bias=yes,layers=2,d_model=256,heads=4,d_ff=512,vocab=512,context=256" \
      --target aarch64 --out "$model" >/dev/null
  fi
  cargo build --release --locked -p slm-bench -p slm-agent
  # The flavour that the test phone's cores ask for. It compiles the engine once more.
  "${CARGO_TARGET_DIR:-target}/release/bench" agent build --mlc --flavour armv8.6-a+i8mm
  export SLM_MLC_PHONE_MODEL=$model
  SLM_MLC_PHONE_RUNTIME=$(find "$base/aarch64" -maxdepth 1 -name 'tvm-*-aarch64' | head -n 1)
  export SLM_MLC_PHONE_RUNTIME
  cargo test -p slm-bench --release --locked --test mlc_phone -- --ignored --test-threads 2
  ;;
*) die "usage: $0 check | run FOLDER" ;;
esac
