#!/usr/bin/env python3
"""Computes the logits of small made models without ggml, for tests/logits.rs.

For each case of `cases.json` the model file is made with the writer, read back
with the reader below, dequantized, and run through the forward pass in float64.
The expected logits and the SHA-256 of the file go to `logits.json`.

Needs numpy. From the root of the checkout:

    python3 device-agent/tests/reference/make_reference.py
"""

import hashlib
import json
import pathlib
import struct
import subprocess
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent.parent
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}


class Gguf:
    """Metadata and dequantized tensors of a file."""

    def __init__(self, data):
        self.data, self.at = data, 0
        assert self.take("<4s") == b"GGUF" and self.take("<I") == 3
        tensors, pairs = self.take("<Q"), self.take("<Q")
        self.meta = {}
        for _ in range(pairs):
            key = self.text()
            self.meta[key] = self.value(self.take("<I"))
        infos = []
        for _ in range(tensors):
            name = self.text()
            dims = [self.take("<Q") for _ in range(self.take("<I"))]
            infos.append((name, dims, self.take("<I"), self.take("<Q")))
        align = self.meta["general.alignment"]
        start = (self.at + align - 1) // align * align
        self.tensors = {n: self.dequantize(d, t, start + o) for n, d, t, o in infos}

    def take(self, form):
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def text(self):
        length = self.take("<Q")
        self.at += length
        return self.data[self.at - length : self.at].decode()

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind == 9:
            kind, count = self.take("<I"), self.take("<Q")
            return [self.value(kind) for _ in range(count)]
        return self.take(SCALARS[kind])

    def dequantize(self, dims, kind, offset):
        """As float64, outermost dimension first."""
        count = int(np.prod(dims))
        if kind == 0:
            flat = np.frombuffer(self.data, "<f4", count, offset)
        elif kind == 1:
            flat = np.frombuffer(self.data, "<f2", count, offset)
        elif kind == 2:  # groups of 32: f16 scale, 16 bytes: low nibbles first
            raw = np.frombuffer(self.data, np.uint8, count // 32 * 18, offset).reshape(-1, 18)
            scale = raw[:, :2].copy().view("<f2").astype(np.float64)
            quants = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], axis=1).astype(np.float64) - 8
            flat = (scale * quants).reshape(-1)
        elif kind == 8:  # groups of 32: f16 scale, 32 signed bytes
            raw = np.frombuffer(self.data, np.uint8, count // 32 * 34, offset).reshape(-1, 34)
            scale = raw[:, :2].copy().view("<f2").astype(np.float64)
            flat = (scale * raw[:, 2:].view(np.int8)).reshape(-1)
        else:
            raise ValueError(f"tensor type {kind}")
        return flat.astype(np.float64).reshape(dims[::-1])


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def attention(q, k, v, heads, kv_heads, head_dim):
    """Causal attention; q is [tokens, heads * head_dim], k and v [tokens, kv_heads * head_dim]."""
    count = len(q)
    q, k, v = (m.reshape(count, -1, head_dim) for m in (q, k, v))
    hidden = np.triu(np.full((count, count), -np.inf), 1)
    out = np.empty_like(q)
    for head in range(heads):
        shared = head // (heads // kv_heads)
        scores = q[:, head] @ k[:, shared].T / np.sqrt(head_dim) + hidden
        out[:, head] = softmax(scores) @ v[:, shared]
    return out.reshape(count, heads * head_dim)


def rotate(x, head_dim, theta):
    """Rotary positions on neighbouring pairs, as llama files have them."""
    count = len(x)
    x = x.reshape(count, -1, head_dim)
    angles = np.arange(count)[:, None] * theta ** (-np.arange(0, head_dim, 2) / head_dim)[None]
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    out = np.empty_like(x)
    out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return out.reshape(count, -1)


def gelu(x):
    """The tanh form, which ggml uses for every plain GELU."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def silu(x):
    return x / (1 + np.exp(-x))


def forward(model, tokens):
    """Logits at every position, [tokens, vocab]."""
    meta, weights = model.meta, model.tensors
    arch = meta["general.architecture"]
    get = lambda key: meta[f"{arch}.{key}"]
    heads, kv_heads = get("attention.head_count"), get("attention.head_count_kv")
    head_dim = get("attention.key_length")

    def linear(x, name):
        y = x @ weights[name + ".weight"].T
        return y + weights[name + ".bias"] if name + ".bias" in weights else y

    def norm(x, name):
        if arch == "llama":
            x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + get("attention.layer_norm_rms_epsilon"))
        else:
            x = x - x.mean(axis=-1, keepdims=True)
            x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + get("attention.layer_norm_epsilon"))
        x = x * weights[name + ".weight"]
        return x + weights[name + ".bias"] if name + ".bias" in weights else x

    x = weights["token_embd.weight"][tokens]
    if "position_embd.weight" in weights:
        x = x + weights["position_embd.weight"][: len(tokens)]
    for layer in range(get("block_count")):
        at = f"blk.{layer}."
        h = norm(x, at + "attn_norm")
        if arch == "mpt":
            width = heads * head_dim
            q, k, v = np.split(linear(h, at + "attn_qkv"), [width, width + kv_heads * head_dim], axis=-1)
        else:
            q, k, v = (linear(h, at + "attn_" + part) for part in "qkv")
            q, k = (rotate(part, head_dim, get("rope.freq_base")) for part in (q, k))
        x = x + linear(attention(q, k, v, heads, kv_heads, head_dim), at + "attn_output")
        h = norm(x, at + "ffn_norm")
        if arch == "mpt":
            h = gelu(linear(h, at + "ffn_up"))
        else:
            h = silu(linear(h, at + "ffn_gate")) * linear(h, at + "ffn_up")
        x = x + linear(h, at + "ffn_down")
    x = norm(x, "output_norm")
    return x @ weights.get("output.weight", weights["token_embd.weight"]).T


def main():
    cases = json.loads((HERE / "cases.json").read_text())
    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.gguf"
        for case in cases:
            command = ["cargo", "run", "--quiet", "--release", "-p", "slm-models", "--example", "make_model", "--"]
            subprocess.run([*command, "shape:" + case["shape"], case["types"], path], check=True, cwd=ROOT)
            data = path.read_bytes()
            model = Gguf(data)
            assert model.meta["slm_bench.seed"] == case["seed"], "make_model has another seed"
            tokens = case["prompt"] + case["following"]
            logits = forward(model, tokens)[len(case["prompt"]) - 1 :]
            rounded = [[float(f"{logit:.8g}") for logit in row] for row in logits]
            results.append({**case, "sha256": hashlib.sha256(data).hexdigest(), "logits": rounded})
    lines = ",\n".join(json.dumps(result) for result in results)
    (HERE / "logits.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
