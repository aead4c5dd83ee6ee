"""A decoder of the shapes `llama` and `mpt` with 4-bit weights, in TVM's module language.

Functions and their arguments follow MLC-LLM's calling convention: embed, prefill, decode, weights as one tuple.
A matrix of n rows and k columns is stored as MLC's q4f*_1: eight weights in a 32-bit word along k, the first in the
lowest bits, each a number from 0 to 15 of which 7 is taken; a scale for every 32 along k.
"""

from tvm import te, tirx
from tvm.relax.frontend import nn
from tvm.relax.frontend.nn import op

GROUP = 32
PER_WORD = 8
EPSILON = 1e-5


def unpacked(words, scales, row, column):
    """The weight at a row and a column, in 32-bit floating point."""
    shift = (tirx.floormod(column, PER_WORD) * 4).astype("uint32")
    nibble = tirx.bitwise_and(tirx.shift_right(words[row, tirx.floordiv(column, PER_WORD)], shift), tirx.const(15, "uint32"))
    scale = scales[row, tirx.floordiv(column, GROUP)].astype("float32")
    return (nibble.astype("float32") - tirx.const(7, "float32")) * scale


def q4_matmul(x, words, scales):
    """x times the transposed matrix, summed up in 32 bits."""
    batch, length, k = x.shape
    n = words.shape[0]

    def compute(x, words, scales):
        at = te.reduce_axis((0, k), name="k")
        return te.compute(
            (batch, length, n),
            lambda i, j, row: te.sum(x[i, j, at].astype("float32") * unpacked(words, scales, row, at), axis=at),
            name="q4_matmul",
        )

    return op.tensor_expr_op(compute, "q4_matmul", [x, words, scales])


class Packed(nn.Module):
    """A 4-bit matrix."""

    def __init__(self, n, k, dtype):
        if k % GROUP:
            raise ValueError(f"a matrix of {k} columns has no whole groups of {GROUP}")
        self.k, self.dtype = k, dtype
        self.q_weight = nn.Parameter((n, k // PER_WORD), "uint32")
        self.q_scale = nn.Parameter((n, k // GROUP), dtype)

    def times(self, x):
        """x times the transposed matrix, in 32 bits."""
        return q4_matmul(x, self.q_weight, self.q_scale)

    def rows(self, ids):
        """The rows of a list of ids."""
        dtype, k = self.dtype, self.k

        def compute(ids, words, scales):
            shape = (ids.shape[0], k)
            return te.compute(shape, lambda i, c: unpacked(words, scales, ids[i], c).astype(dtype), name="q4_rows")

        return op.tensor_expr_op(compute, "q4_rows", [ids, self.q_weight, self.q_scale])


class Linear(nn.Module):
    """x W^T, and b."""

    def __init__(self, k, n, dtype, bias):
        self.matrix = Packed(n, k, dtype)
        self.bias = nn.Parameter((n,), dtype) if bias else None
        self.dtype = dtype

    def forward(self, x):
        y = op.astype(self.matrix.times(x), self.dtype)
        return y if self.bias is None else op.add(y, self.bias)


def norm(shape):
    """The norm of an architecture."""
    width = shape["d_model"]
    if shape["arch"] == "llama":
        return nn.RMSNorm(width, -1, EPSILON, bias=False, dtype=shape["dtype"])
    return nn.LayerNorm(width, EPSILON, dtype=shape["dtype"])


class Layer(nn.Module):
    """Attention and a feed-forward part, each after a norm and added to what came in."""

    def __init__(self, shape):
        self.shape = shape
        d, heads, inner, dtype = shape["d_model"], shape["heads"], shape["d_ff"], shape["dtype"]
        all_heads = heads + 2 * shape["kv_heads"]
        bias = shape["bias"]
        self.gated = shape["arch"] == "llama"
        self.norm_1, self.norm_2 = norm(shape), norm(shape)
        self.qkv = Linear(d, all_heads * shape["head_dim"], dtype, bias)
        self.out = Linear(heads * shape["head_dim"], d, dtype, bias)
        self.up = Linear(d, 2 * inner if self.gated else inner, dtype, bias)
        self.down = Linear(inner, d, dtype, bias)

    def forward(self, x, cache, index):
        shape = self.shape
        heads, size = shape["heads"], shape["head_dim"]
        batch, length, _ = x.shape
        qkv = op.reshape(self.qkv(self.norm_1(x)), (batch, length, heads + 2 * shape["kv_heads"], size))
        seen = cache.attention_with_fused_qkv(index, qkv, heads, sm_scale=size**-0.5)
        x = x + self.out(op.reshape(seen, (batch, length, heads * size)))
        inner = self.up(self.norm_2(x))
        if self.gated:
            gate, value = op.split(inner, 2, axis=-1)
            inner = op.silu(gate) * value
        else:
            inner = op.gelu(inner)
        return x + self.down(inner)


class Decoder(nn.Module):
    """The whole model."""

    def __init__(self, shape):
        self.shape = shape
        d, dtype = shape["d_model"], shape["dtype"]
        self.embed_tokens = Packed(shape["vocab"], d, dtype)
        # Learned positions, where there is no rotation.
        self.positions = nn.Parameter((shape["context"], d), dtype) if shape["arch"] == "mpt" else None
        self.layers = nn.ModuleList([Layer(shape) for _ in range(shape["layers"])])
        self.norm = norm(shape)
        self.lm_head = None if shape["tied"] else Packed(shape["vocab"], d, dtype)

    def embed(self, ids):
        """Rows of the embedding."""
        return self.embed_tokens.rows(ids)

    def hidden(self, x, cache):
        """What the last norm gives."""
        if self.positions is not None:
            where = cache.get_query_positions(x.shape[0] * x.shape[1])
            x = x + op.reshape(op.take(self.positions, where, axis=0), x.shape)
        for index, layer in enumerate(self.layers):
            x = layer(x, cache, index)
        return self.norm(x)

    def logits(self, x):
        """In 32 bits."""
        return (self.lm_head or self.embed_tokens).times(x)

    def prefill(self, input_embed, paged_kv_cache):
        """Logits of the last of several tokens."""
        width = self.shape["d_model"]

        def last(x):
            return te.compute((1, 1, width), lambda i, _, k: x[i, x.shape[1] - 1, k], name="last")

        x = op.tensor_expr_op(last, "last", [self.hidden(input_embed, paged_kv_cache)])
        return self.logits(x), paged_kv_cache

    def decode(self, input_embed, paged_kv_cache):
        """Logits of one token."""
        return self.logits(self.hidden(input_embed, paged_kv_cache)), paged_kv_cache
