"""From a decoder to a model library."""

import json

import tvm
from tvm import relax, s_tir, tirx
from tvm.relax.frontend import nn
from tvm.relax.frontend.nn.llm import kv_cache

from .decoder import GROUP, Decoder


def export(shape, target):
    """The module of a shape, and its parameters in the order of the tuple."""
    packed = {"$": {"param_mode": "packed", "effect_mode": "none"}}
    cache = nn.spec.Object(object_type=kv_cache.PagedKVCache)
    width, dtype = shape["d_model"], shape["dtype"]

    def step(length):
        return {"input_embed": nn.spec.Tensor([1, length, width], dtype), "paged_kv_cache": cache, **packed}

    spec = {
        "embed": {"ids": nn.spec.Tensor(["seq_len"], "int32"), **packed},
        "prefill": step("seq_len"),
        "decode": step(1),
    }
    module, parameters = Decoder(shape).export_tvm(spec=spec, allow_extern=False)[:2]
    return with_cache(module, shape, target), parameters


def with_cache(module, shape, target):
    """Adds the function that makes the KV cache."""
    names = ["max_batch_size", "max_total_seq_len", "prefill_chunk_size", "page_size", "support_sliding_window"]
    sizes = [tirx.Var(name, "int64") for name in names]
    builder = relax.BlockBuilder(module)
    rotary = kv_cache.RopeMode.NORMAL if shape["arch"] == "llama" else kv_cache.RopeMode.NONE
    layers, heads, size = shape["layers"], shape["heads"], shape["head_dim"]
    parameters = [relax.Var(f"{name}_", relax.ShapeType([value])) for name, value in zip(names, sizes)]
    with builder.function("create_tir_paged_kv_cache", params=parameters):
        cache = kv_cache.TIRPagedKVCache(
            "mha", *sizes, relax.ShapeExpr([0, layers]), layers, heads, shape["kv_heads"], size, size, 0, 0,
            rotary, 1, shape["rope_theta"], {}, relax.prim_value(0), size, False, shape["dtype"], target,
        )  # fmt: skip
        builder.emit_func_output(cache._expr)
    return builder.finalize()


def with_metadata(module, text):
    """Adds the function that describes the library."""
    builder = relax.BlockBuilder(module)
    with builder.function("_metadata", params=[]):
        builder.emit_func_output(tvm.ir.StringImm(text))
    return builder.finalize()


@tvm.transform.module_pass(opt_level=0)
class ScheduleQ4:
    """The 4-bit products on a CPU: rows in parallel, a group at a time in vector registers."""

    def transform_module(self, module, _):
        for name, function in list(module.functions_items()):
            if isinstance(function, tirx.PrimFunc) and "q4_matmul" in name.name_hint:
                module.update_func(name, self.scheduled(function))
        return module

    def scheduled(self, function):
        schedule = s_tir.Schedule(tvm.IRModule({"main": function}))
        total = schedule.get_sblock("q4_matmul")
        _, within = schedule.split(schedule.get_loops(total)[-1], [None, GROUP])
        lanes = schedule.rfactor(within, 0)
        i, j, row, group, lane = schedule.get_loops(lanes)
        schedule.reorder(row, i, j, group, lane)
        schedule.vectorize(lane)
        i, j, row, at = schedule.get_loops(total)
        schedule.reorder(row, i, j, at)
        schedule.compute_at(lanes, j, preserve_unit_loops=True)
        schedule.parallel(row)
        schedule.set_scope(lanes, 0, "local")
        start = schedule.decompose_reduction(lanes, schedule.get_loops(lanes)[-2])
        schedule.vectorize(schedule.get_loops(start)[-1])
        result = schedule.mod["main"]
        for key in function.attrs.keys() if function.attrs else []:
            if not (result.attrs and key in result.attrs):
                result = result.with_attr(key, function.attrs[key])
        return result


def schedules(target):
    """Ours on a CPU; on a GPU, whose loops must be bound to threads, TVM's rules."""
    if "gpu" not in target.keys:
        return ScheduleQ4()
    rules = s_tir.dlight
    gpu = rules.gpu
    return rules.ApplyDefaultSchedule(
        gpu.Matmul(), gpu.GEMV(), gpu.Reduction(), gpu.GeneralReduction(), gpu.Fallback()
    )  # fmt: skip


def compile(module, target, out, compiler=None):
    """Writes the library. `compiler` links for another machine."""
    passes = relax.transform
    pipeline = tvm.transform.Sequential([
        passes.LegalizeOps(), passes.AnnotateTIROpPattern(), passes.FoldConstant(), passes.FuseOps(),
        passes.FuseTIR(), passes.DeadCodeElimination(), schedules(target), passes.RewriteDataflowReshape(),
        passes.ToNonDataflow(), passes.RemovePurityChecking(), passes.CallTIRRewrite(),
        passes.StaticPlanBlockMemory(), passes.LowerAllocTensor(), passes.KillAfterLastUse(),
        passes.LowerRuntimeBuiltin(), passes.ComputePrimValue(), passes.VMShapeLower(), passes.AttachGlobalSymbol(),
    ])  # fmt: skip
    with target:
        executable = tvm.compile(module, target=target, relax_pipeline=pipeline)
    if compiler:
        from tvm.support import cc

        executable.export_library(out, fcompile=cc.cross_compiler(compiler))
    else:
        executable.export_library(out)


def metadata(shape, quantization, chunk, parameters):
    """What the library says of itself, as MLC-LLM writes it."""
    return json.dumps({
        "model_type": shape["arch"],
        "quantization": quantization,
        "context_window_size": shape["context"],
        "prefill_chunk_size": chunk,
        "sliding_window_size": -1,
        "attention_sink_size": -1,
        "tensor_parallel_shards": 1,
        "pipeline_parallel_stages": 1,
        "kv_state_kind": "kv_cache",
        "max_batch_size": 1,
        "active_vocab_size": shape["vocab"],
        "kv_cache": {
            "num_hidden_layers": shape["layers"],
            "num_attention_heads": shape["heads"],
            "num_key_value_heads": shape["kv_heads"],
            "head_dim": shape["head_dim"],
        },
        "params": [
            {"name": name, "shape": [int(size) for size in value.shape], "dtype": str(value.dtype)}
            for name, value in parameters
        ],
        "memory_usage": {"embed": 0, "prefill": 0, "decode": 0},
    })
