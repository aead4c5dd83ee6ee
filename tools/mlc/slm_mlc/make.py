"""Makes a folder like MLC-LLM's ./dist/NAME-q4f16_1-MLC: model library, random 4-bit weights, configuration.

`bench models make --format mlc` calls it with --environment: it then runs itself again in that virtual environment,
which it makes with the packages of requirements.txt on the first call. Without, the packages must be installed.
"""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
MANIFEST = "slm-bench-mlc.json"
LIBRARY = "model.so"
INSIDE = "SLM_BENCH_MLC_INSIDE"


class Refused(Exception):
    """One line for people."""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environment", type=pathlib.Path, help="folder of the Python environment [default: the present one]")
    parser.add_argument("--install-only", action="store_true", help="make the environment and print TVM_FFI_INCLUDE")
    parser.add_argument("--shape", help="as `bench models show` prints it")
    parser.add_argument("--name", default="model")
    parser.add_argument("--quantization", choices=["q4f16_1", "q4f32_1"], default="q4f16_1")
    parser.add_argument("--chunk", type=int, default=256, help="tokens of a prompt evaluated at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=["x86_64", "aarch64"], help="Linux on this kind of machine; without it this one")
    parser.add_argument("--device", choices=["cpu", "opencl"], default="cpu")
    parser.add_argument("--triple", help="any other target, by LLVM's name for it, such as aarch64-linux-android28")
    parser.add_argument("--compiler", help="C++ compiler that links for the target")
    parser.add_argument("--out", type=pathlib.Path)
    return parser.parse_args()


def enter(environment):
    """Goes on in the environment, made now if it is not there or not of these requirements."""
    wanted = REQUIREMENTS.read_text()
    python = environment / "bin/python"
    done = environment / "requirements.done"
    if not (done.is_file() and done.read_text() == wanted and python.exists()):
        print(f"making a Python environment with TVM in {environment} (about 420 MB)", file=sys.stderr)
        run = lambda *words: subprocess.run(words, check=True, stdout=sys.stderr)
        try:
            run(sys.executable, "-m", "venv", "--clear", str(environment))
            pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
            run(str(python), *pip, "-r", str(REQUIREMENTS))
        except (subprocess.CalledProcessError, OSError) as error:
            raise Refused(f"no Python environment with TVM: {error}; needs python3 with venv, and the network") from None
        done.write_text(wanted)
    os.environ[INSIDE] = "1"
    os.execv(python, [str(python), *sys.argv])


def parse_shape(text, dtype):
    """`arch=llama,layers=…` as a dictionary; refuses what decoder.py has no parts for."""
    pairs = dict(part.split("=", 1) for part in text.split(","))
    known = {"arch", "layers", "d_model", "heads", "kv_heads", "head_dim", "d_ff", "vocab", "context", "tied", "bias",
             "rope_theta", "rotary_dims"}  # fmt: skip
    arch = pairs.get("arch")
    if arch not in ("llama", "mpt"):
        raise Refused(f"arch={arch} cannot be made as a model library; llama and mpt can")
    if unknown := sorted(set(pairs) - known):
        raise Refused(f"{unknown[0]}={pairs[unknown[0]]} cannot be made as a model library")
    yes = lambda key, default: pairs.get(key, default) in ("yes", "true")
    try:
        shape = {key: int(pairs[key]) for key in ("layers", "d_model", "heads", "d_ff", "vocab", "context")}
        shape["kv_heads"] = int(pairs.get("kv_heads", shape["heads"]))
        shape["head_dim"] = int(pairs.get("head_dim", shape["d_model"] // shape["heads"]))
        shape["rope_theta"] = int(pairs.get("rope_theta", 10000))
        rotary = int(pairs.get("rotary_dims", shape["head_dim"]))
    except KeyError as missing:
        raise Refused(f"the shape has no {missing.args[0]}") from None
    except ValueError:
        raise Refused("layers that differ from one another cannot be made as a model library") from None
    if arch == "llama" and rotary != shape["head_dim"]:
        raise Refused(f"rotary_dims={rotary} cannot be made as a model library")
    shape.update(arch=arch, tied=yes("tied", "no"), bias=yes("bias", "no"), dtype=dtype)
    return shape


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def machine(options):
    """LLVM's triple, the compiler that links for it, and the kind of machine where TVM's libraries are to be had."""
    here = platform.machine()
    arch = options.target or here
    if options.triple:
        return options.triple, options.compiler, None
    if arch == here:
        return f"{arch}-linux-gnu", options.compiler, arch
    compiler = options.compiler or f"{arch}-linux-gnu-g++"
    if not shutil.which(compiler):
        raise Refused(f"there is no {compiler}; on Debian: apt install g++-{arch.replace('_', '-')}-linux-gnu")
    return f"{arch}-linux-gnu", compiler, arch


def make(options, add):
    """`add(shape, values, folder)` may put further files into the folder; the tests do."""
    import tvm
    import tvm_ffi

    from . import library, runtime, weights

    dtype = "float16" if options.quantization == "q4f16_1" else "float32"
    shape = parse_shape(options.shape, dtype)
    triple, compiler, arch = machine(options)
    out = options.out.resolve()
    if out.exists() and any(out.iterdir()):
        raise Refused(f"{out} is not empty; give another folder, or delete it")
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    target = {"kind": "llvm", "mtriple": triple}
    host = arch == platform.machine()
    if host:
        target["mcpu"] = tvm.get_global_func("target.llvm_get_system_cpu")()
    target = tvm.target.Target(target)
    if options.device == "opencl":
        target = tvm.target.Target("opencl", host=target)
    module, parameters = library.export(shape, target)
    chunk = min(options.chunk, shape["context"])
    text = library.metadata(shape, options.quantization, chunk, parameters)
    library.compile(library.with_metadata(module, text), target, str(part / LIBRARY), compiler)
    values = weights.random(parameters, options.seed)
    weights.write(values, part)
    if add:
        add(shape, values, part)
    config = {
        "version": "0.1.0", "model_type": shape["arch"], "quantization": options.quantization,
        "vocab_size": shape["vocab"], "context_window_size": shape["context"], "sliding_window_size": -1,
        "prefill_chunk_size": chunk, "attention_sink_size": -1, "tensor_parallel_shards": 1,
        "tokenizer_files": [], "model_config": {key: value for key, value in shape.items() if key != "dtype"},
    }  # fmt: skip
    (part / "mlc-chat-config.json").write_text(json.dumps(config, indent=2) + "\n")
    manifest = {
        "format": "1.0", "name": options.name, "shape": options.shape, "quantization": options.quantization,
        "weights": "synthetic", "seed": options.seed, "library": LIBRARY, "device": options.device, "target": str(target),
        "tvm": tvm.__version__, "tvm_ffi": tvm_ffi.__version__,
        "sha256": {file.name: sha256(file) for file in sorted(part.iterdir())},
    }  # fmt: skip
    (part / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    if out.exists():
        out.rmdir()
    part.rename(out)
    if host:
        libraries = runtime.copy(out.parent / f"tvm-{tvm.__version__}")
    elif arch:
        libraries = runtime.download(out.parent / f"tvm-{tvm.__version__}-{arch}", arch, REQUIREMENTS)
    else:
        libraries = None
    print(json.dumps({"folder": str(out), "runtime": str(libraries) if libraries else None}))


def run(add):
    options = arguments()
    if options.environment and INSIDE not in os.environ:
        enter(options.environment)
    if options.install_only:
        import tvm_ffi

        print(pathlib.Path(tvm_ffi.__file__).parent / "include")
        return
    if not (options.shape and options.out):
        raise Refused("--shape and --out are needed")
    make(options, add)


def main(add=None):
    try:
        run(add)
    except (Refused, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"slm-mlc: {error}")
