#!/usr/bin/env bash
# Fuzzes the readers of untrusted files: scripts/fuzz.sh [TARGET|all] [SECONDS]. Targets: fuzz/targets.
# Coverage is traced by a stable compiler: the flags below are what cargo-fuzz gives a nightly one, less the address
# sanitizer, which code without `unsafe` does not need. What was found in earlier runs is kept in target/fuzz/corpus; an
# input that breaks a reader stays in target/fuzz/artifacts, and the script fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${1:-all} seconds=${2:-60}
mapfile -t all < <(basename -s .rs fuzz/targets/*.rs)
case $target in
all) targets=("${all[@]}") ;;
*)
  [ -e "fuzz/targets/$target.rs" ] || {
    printf 'fuzz: no target %s; there are: %s\n' "$target" "${all[*]}" >&2
    exit 2
  }
  targets=("$target")
  ;;
esac

triple=$(rustc -vV | sed -n 's/^host: //p')
work=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
flags=(--cfg fuzzing -Cpasses=sancov-module)
for option in level=4 inline-8bit-counters pc-table trace-compares; do
  flags+=("-Cllvm-args=-sanitizer-coverage-$option")
done
# With a target named, the flags do not reach build scripts.
RUSTFLAGS="${flags[*]}" cargo build --quiet --release --manifest-path fuzz/Cargo.toml \
  --target "$triple" --target-dir "$work"

# Files of the tests to begin with.
seeds() {
  local checkpoints=import/tests/checkpoints
  case $1 in
  gguf)
    # The weights are of no interest: a header is enough.
    "${CARGO_TARGET_DIR:-target}/release/bench" models make "shape:arch=llama,layers=1,d_model=32,heads=1,vocab=300" \
      -o "$work/tiny.gguf" --output json >/dev/null 2>&1 &&
      head -c 16384 "$work/tiny.gguf" >"$work/header" && printf '%s\n' "$work/header"
    ;;
  safetensors) find $checkpoints -name 'model*.safetensors' ;;
  tokenizer) find $checkpoints -name tokenizer.json ;;
  config) find $checkpoints -name config.json ;;
  esac
}

failed=()
for name in "${targets[@]}"; do
  corpus=$work/corpus/$name
  mkdir -p "$corpus" "$work/artifacts"
  while read -r file; do cp "$file" "$corpus/seed-$(sha1sum <"$file" | cut -c1-12)"; done < <(seeds "$name")
  if [ "$name" = pickle ]; then
    python3 -c 'import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
sys.stdout.buffer.write(archive.read(next(n for n in archive.namelist() if n.endswith("data.pkl"))))' \
      import/tests/checkpoints/slimlm/pytorch_model.bin >"$corpus/seed"
  fi
  printf '\n== %s, %s s\n' "$name" "$seconds" >&2
  set +e
  "$work/$triple/release/$name" "$corpus" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
    -artifact_prefix="$work/artifacts/$name-" -print_final_stats=1 -verbosity=1 2>&1 |
    grep -E '^(stat::|SUMMARY|Done|thread|==|artifact|INFO: seed)|panicked|ERROR' >&2
  status=${PIPESTATUS[0]}
  set -e
  [ "$status" = 0 ] || failed+=("$name")
done
[ "${#failed[@]}" = 0 ] || {
  printf 'fuzz: broken: %s (see %s)\n' "${failed[*]}" "$work/artifacts" >&2
  exit 1
}
