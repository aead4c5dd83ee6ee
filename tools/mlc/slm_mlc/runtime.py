"""TVM's two libraries, which run what was compiled: of this machine's packages, or of another machine's wheels."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

LIBRARIES = {"libtvm_ffi.so": "tvm_ffi/lib/libtvm_ffi.so", "libtvm_runtime.so": "tvm/lib/libtvm_runtime.so"}


def note_versions(folder):
    import tvm
    import tvm_ffi

    (folder / "tvm.json").write_text(json.dumps({"tvm": tvm.__version__, "tvm_ffi": tvm_ffi.__version__}) + "\n")
    return folder


def put(source, folder, name):
    """Whole or not at all."""
    part = folder / (name + ".part")
    with open(part, "wb") as file:
        shutil.copyfileobj(source, file)
    part.rename(folder / name)


def copy(folder):
    """Those of this machine, so that they outlive the environment."""
    import tvm
    import tvm_ffi

    packages = {"tvm": pathlib.Path(tvm.__file__).parents[1], "tvm_ffi": pathlib.Path(tvm_ffi.__file__).parents[1]}
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in LIBRARIES.items():
        with open(packages[path.split("/")[0]] / path, "rb") as source:
            put(source, folder, name)
    return note_versions(folder)


def download(folder, arch, requirements):
    """Those of Linux on another kind of machine: the same versions, out of PyPI's wheels (about 100 MB)."""
    if all((folder / name).is_file() for name in [*LIBRARIES, "tvm.json"]):
        return folder
    wanted = [line for line in requirements.read_text().splitlines() if line.startswith("apache-tvm")]
    folder.mkdir(parents=True, exist_ok=True)
    print(f"fetching TVM's libraries for {arch} (about 100 MB)", file=sys.stderr)
    with tempfile.TemporaryDirectory() as wheels:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        where = ["--only-binary", ":all:", "--platform", f"manylinux_2_28_{arch}", "--dest", wheels]
        subprocess.run([*pip, *where, *wanted], check=True, stdout=sys.stderr)
        for wheel in pathlib.Path(wheels).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name, path in LIBRARIES.items():
                    if path in archive.namelist():
                        with archive.open(path) as source:
                            put(source, folder, name)
    if missing := [name for name in LIBRARIES if not (folder / name).is_file()]:
        raise ValueError(f"the wheels of {', '.join(wanted)} for {arch} have no {missing[0]}")
    return note_versions(folder)
