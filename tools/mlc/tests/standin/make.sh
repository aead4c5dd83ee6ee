#!/usr/bin/env bash
# Makes runtime folders with the stand-in engine, and a model's folder for it. For contract tests only.
# usage: tools/mlc/tests/standin/make.sh TVM_FOLDER MODEL_FOLDER OUT, with TVM_FFI_INCLUDE set
# TVM_FOLDER has libtvm_ffi.so and libtvm_runtime.so; MODEL_FOLDER is one that tools/mlc made.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tvm=$(cd "${1:?TVM_FOLDER}" && pwd)
model=$(cd "${2:?MODEL_FOLDER}" && pwd)
out=${3:?OUT}

rm -rf "$out"
mkdir -p "$out/runtime" "$out/packed" "$out/model"
compile() { # OUTPUT FLAGS…
  "${CXX:-c++}" -std=c++17 -O1 -fPIC -shared -Wall -I "$TVM_FFI_INCLUDE" "$here/engine.cc" -o "$1" -L "$tvm" "${@:2}"
}
cp "$tvm"/libtvm_ffi.so "$tvm"/libtvm_runtime.so "$out/runtime"
# $ORIGIN is the loader's word, not the shell's.
# shellcheck disable=SC2016
compile "$out/runtime/libmlc_llm.so" -ltvm_ffi '-Wl,-rpath,$ORIGIN'
# In the place of a library that has everything in it; here it brings TVM's along.
compile "$out/packed/libtvm4j_runtime_packed.so" -Wl,--no-as-needed -ltvm_ffi -ltvm_runtime "-Wl,-rpath,$tvm"
for folder in runtime packed; do
  echo '{"mlc_llm": "stand-in, for contract tests only"}' >"$out/$folder/tvm.json"
done

# A folder as MLC-LLM writes it: no manifest of ours, a conversation template, a tokenizer. The stand-in reads only
# the configuration.
cp "$model"/*.so "$model"/params_shard_*.bin "$model/tensor-cache.json" "$out/model"
echo '{}' >"$out/model/tokenizer.json"
python3 - "$model/mlc-chat-config.json" "$out/model/mlc-chat-config.json" <<'PYTHON'
import json, sys
config = json.load(open(sys.argv[1]))
config["conv_template"] = {"name": "stand-in", "system_template": "{system_message}", "stop_str": []}
json.dump(config, open(sys.argv[2], "w"), indent=2)
PYTHON
