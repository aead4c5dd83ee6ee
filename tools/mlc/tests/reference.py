"""The same model in numpy, in 32 bits: what a library's logits are held against.

usage: python3 tools/mlc/tests/reference.py ARGUMENTS… as `python3 tools/mlc` takes; the folder then also holds
reference.json, with the tokens and logits that numpy gives.
"""

import json
import pathlib
import sys

try:
    import numpy as np
except ModuleNotFoundError:
    np = None  # Outside of the environment, which the package enters.

EPSILON = 1e-5


class Reference:
    """A decoder without a cache: every call evaluates all tokens."""

    def __init__(self, shape, values):
        self.shape = shape
        self.values = {name: value.astype("float32") for name, value in values.items() if value.dtype != "uint32"}
        self.matrices = {name[: -len(".q_weight")]: self.unpack(name, values) for name in values if name.endswith(".q_weight")}

    def unpack(self, name, values):
        words = values[name]
        nibbles = words[:, :, None] >> (np.arange(8, dtype=np.uint32) * 4) & 15
        scales = values[name.replace("q_weight", "q_scale")].astype("float32")
        return (nibbles.reshape(len(words), -1).astype("float32") - 7) * np.repeat(scales, 32, axis=1)

    def linear(self, name, x):
        y = x @ self.matrices[f"{name}.matrix"].T
        return y + self.values[f"{name}.bias"] if self.shape["bias"] else y

    def norm(self, name, x):
        if self.shape["arch"] == "llama":
            return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * self.values[f"{name}.weight"]
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return x * self.values[f"{name}.weight"] + self.values[f"{name}.bias"]

    def rotate(self, x):
        if self.shape["arch"] != "llama":
            return x
        size = self.shape["head_dim"]
        angle = np.arange(len(x))[:, None] * self.shape["rope_theta"] ** (-np.arange(0, size, 2) / size)
        cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
        first, second = x[..., : size // 2], x[..., size // 2 :]
        return np.concatenate([first * cosine - second * sine, second * cosine + first * sine], -1)

    def attention(self, name, x):
        heads, kv, size = (self.shape[key] for key in ("heads", "kv_heads", "head_dim"))
        length = len(x)
        qkv = self.linear(f"{name}.qkv", x).reshape(length, heads + 2 * kv, size)
        shared = heads // kv
        q = self.rotate(qkv[:, :heads])
        k = np.repeat(self.rotate(qkv[:, heads : heads + kv]), shared, axis=1)
        v = np.repeat(qkv[:, heads + kv :], shared, axis=1)
        score = np.einsum("thd,shd->hts", q, k) * size**-0.5 + np.triu(np.full((length, length), -np.inf), 1)
        score = np.exp(score - score.max(-1, keepdims=True))
        score /= score.sum(-1, keepdims=True)
        return self.linear(f"{name}.out", np.einsum("hts,shd->thd", score, v).reshape(length, -1))

    def feed_forward(self, name, x):
        y = self.linear(f"{name}.up", x)
        if self.shape["arch"] == "llama":
            gate, value = np.split(y, 2, -1)
            return self.linear(f"{name}.down", gate / (1 + np.exp(-gate)) * value)
        from math import erf

        return self.linear(f"{name}.down", y * 0.5 * (1 + np.vectorize(erf)(y / np.sqrt(2))))

    def logits(self, tokens):
        """Of the last token."""
        x = self.matrices["embed_tokens"][tokens]
        if self.shape["arch"] == "mpt":
            x = x + self.values["positions"][: len(tokens)]
        for index in range(self.shape["layers"]):
            name = f"layers.{index}"
            x = x + self.attention(name, self.norm(f"{name}.norm_1", x))
            x = x + self.feed_forward(name, self.norm(f"{name}.norm_2", x))
        return self.matrices["embed_tokens" if self.shape["tied"] else "lm_head"] @ self.norm("norm", x)[-1]


def write(shape, values, count, folder):
    """A prompt longer than a chunk, the greedy tokens after it, and the logits that each came from."""
    model = Reference(shape, values)
    prompt = [(7 * index + 3) % shape["vocab"] for index in range(40)]
    tokens, rows = list(prompt), []
    for _ in range(count):
        rows.append(model.logits(tokens))
        tokens.append(int(rows[-1].argmax()))
    result = {"prompt": prompt, "tokens": tokens[len(prompt) :], "logits": [row.astype(float).tolist() for row in rows]}
    (folder / "reference.json").write_text(json.dumps(result))


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from slm_mlc.make import main

    main(lambda shape, values, folder: write(shape, values, 6, folder))
