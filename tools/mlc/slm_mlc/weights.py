"""Random weights, and the files that TVM's tensor cache reads."""

import numpy as np
from tvm.contrib import tvmjs

# Standard deviation of what 0 to 15 less 7 gives.
NIBBLE_DEVIATION = 4.61


def random(parameters, seed):
    """A value for every parameter. The seed alone decides them.

    Matrices have a standard deviation of 0.05, or the logits would hardly differ; norms are near 1, biases small.
    """
    generator = np.random.default_rng(seed)
    values = {}
    for name, parameter in parameters:
        shape, dtype = [int(size) for size in parameter.shape], str(parameter.dtype)
        if dtype == "uint32":
            value = generator.integers(0, 2**32, shape, dtype=np.uint32)
        elif name.endswith("q_scale"):
            value = 0.05 / NIBBLE_DEVIATION * (0.5 + generator.random(shape, dtype=np.float32))
        elif name.endswith("bias") or name == "positions":
            value = 0.05 * generator.standard_normal(shape, dtype=np.float32)
        else:
            value = 0.9 + 0.2 * generator.random(shape, dtype=np.float32)
        values[name] = value.astype(dtype)
    return values


def write(values, folder):
    """Shards and their list."""
    tvmjs.dump_tensor_cache(values, str(folder), meta_data={"ParamSize": len(values)}, encode_format="raw",
                            show_progress=False)  # fmt: skip
