#!/usr/bin/env python3
"""Makes the tiny checkpoints of import/tests/checkpoints/ and the logits torch gives for them.

Each is a folder as on the hub: config.json, random weights, a tokenizer trained here. `expected.json` holds token ids
and, for each position, the likeliest next token; `logits.safetensors` the logits of the last positions, computed in
float32 from the weights as stored. device-agent/tests/imported.rs imports them and holds the engine against them.

    python3 -m venv venv && venv/bin/pip install torch transformers sentencepiece protobuf safetensors
    venv/bin/python tools/import_reference.py [FOLDER]
"""

import json
import pathlib
import shutil
import sys
import tempfile

import sentencepiece
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import nn
from transformers import AutoModelForCausalLM, CONFIG_MAPPING
from transformers.convert_slow_tokenizer import generate_merges, import_protobuf

HERE = pathlib.Path(__file__).resolve().parent.parent
OUT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "import/tests/checkpoints"
VOCAB = 320
# Types of pieces in SentencePiece's files.
NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4
POSITIONS, KEPT = 40, 4
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
GPT4O = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def corpus():
    """Text of the project itself: English and code."""
    files = sorted((HERE / "docs").glob("*.md")) + sorted((HERE / "prompts").rglob("*.txt")) + sorted((HERE / "protocol/src").glob("*.rs"))
    lines = [line for file in files for line in file.read_text().splitlines(keepends=True)]
    return lines + ["naïve café тест 测试 123 I'll don't we've\t\t  \n\n"] * 50


def byte_level(kind):
    """A byte-level BPE tokenizer with the structure of a known family."""
    tok = Tokenizer(models.BPE(ignore_merges=kind == "llama3"))
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=kind in ("neox", "smollm"))
    split = {"qwen2": QWEN2, "llama3": LLAMA3, "gpt4o": GPT4O}
    first = []
    if kind == "smollm":
        first = [pre_tokenizers.Digits(individual_digits=True)]
    if kind in split:
        first = [pre_tokenizers.Split(Regex(split[kind]), "isolated")]
    tok.pre_tokenizer = pre_tokenizers.Sequence([*first, last]) if first else last
    if kind in ("neox", "qwen2"):
        tok.normalizer = normalizers.NFC()
    tok.decoder = decoders.ByteLevel()
    tok.post_processor = processors.ByteLevel(trim_offsets=False)
    special = {
        "neox": ["<|endoftext|>", "<|padding|>"],
        "llama3": ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"],
        "gpt4o": ["<|endoftext|>", "<|end|>"],
    }.get(kind, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tok.train_from_iterator(corpus(), trainer)
    if kind == "neox":
        tok.add_tokens([AddedToken(" " * n, normalized=True) for n in range(8, 1, -1)])
    if kind == "llama3":
        begin = ("<|begin_of_text|>", tok.token_to_id("<|begin_of_text|>"))
        parts = [processors.ByteLevel(trim_offsets=True), processors.TemplateProcessing("<|begin_of_text|> $A", None, [begin])]
        tok.post_processor = processors.Sequence(parts)
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": special[-1], "bos_token": special[0]}
    if kind in ("smollm", "qwen2"):
        config["chat_template"] = TEMPLATE
    return json.loads(tok.to_str()), config


PHI3 = ["<|endoftext|>", "<|assistant|>", "<|end|>", "<|user|>"]


def sentencepiece_bpe(**options):
    """A BPE model trained by SentencePiece, in which runs of spaces come last, as in Llama 2's."""
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "text").write_text("".join(corpus()))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text"), model_prefix=str(folder / "m"), vocab_size=VOCAB + 80, model_type="bpe", byte_fallback=True,
        character_coverage=0.99, normalization_rule_name="identity", remove_extra_whitespaces=False, minloglevel=2,
        allow_whitespace_only_pieces=True, **options,
    )
    model = import_protobuf().ModelProto()
    model.ParseFromString((folder / "m.model").read_bytes())
    shutil.rmtree(folder)
    for piece in model.pieces:
        if piece.type == NORMAL and set(piece.piece) == {"▁"}:
            piece.score = -1e9
    return model.pieces


def pieces(form, mixed=False):
    """tokenizer.json of a SentencePiece model in the form of llama2, metaspace (Mistral 7B v0.3), phi3 or gemma.

    `mixed`: merges of tokens of one score are ordered by length, as transformers 5 does, so that those of runs of
    spaces stand mixed; else by id, as 4.40 did.
    """
    options = {}
    if form == "gemma":
        runs = [c * n for c in "\n▁" for n in range(2, 6)]
        control, user = ["<start_of_turn>", "<end_of_turn>"], [*runs, "<b>", "</b>"]
        options = dict(pad_id=0, eos_id=1, bos_id=2, unk_id=3, eos_piece="<eos>", bos_piece="<bos>", user_defined_symbols=user, control_symbols=control)
    model = sentencepiece_bpe(**options)
    vocab = {piece.piece: i for i, piece in enumerate(model)}
    scores = None if form == "gemma" else {piece.piece: piece.score for piece in model}
    merges = generate_merges(vocab, scores)
    if not mixed:
        # Stable: merges of one token keep their order.
        merges.sort(key=lambda pair: (-scores["".join(pair)] if scores else 0, vocab["".join(pair)]))
    tok = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    spaces = normalizers.Replace(" ", "▁")
    if form == "gemma":
        tok.normalizer, tok.pre_tokenizer = spaces, pre_tokenizers.Split(" ", "merged_with_previous")
    elif form == "metaspace":
        tok.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
    else:
        tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), spaces])
    for piece in model:
        if piece.type in (UNKNOWN, CONTROL, USER_DEFINED):
            strips = form == "phi3" and piece.piece == "</s>"
            tok.add_tokens([AddedToken(piece.piece, normalized=False, special=piece.type != USER_DEFINED and not strips, rstrip=strips)])
    if form == "phi3":
        tok.add_tokens([AddedToken(token, normalized=False, special=True, rstrip=token != PHI3[0]) for token in PHI3])
    begin, end = ("<bos>", "<eos>") if form == "gemma" else ("<s>", "</s>")
    tok.post_processor = processors.TemplateProcessing(f"{begin} $A", f"{begin} $A $B", [(begin, vocab[begin])])
    config = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": form != "phi3", "eos_token": end, "bos_token": begin, "unk_token": "<unk>"}
    return json.loads(tok.to_str()), config, tok.get_vocab_size()


def randomise(model):
    generator = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        spread = 0.15 if parameter.dim() > 1 else 0.2
        centre = 1.0 if "norm" in name and name.endswith("weight") and "gemma" not in type(model).__name__.lower() else 0.0
        with torch.no_grad():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread + centre)


def write(name, tokenizer, logits, ids):
    folder = OUT / name
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer[0], ensure_ascii=False, separators=(",", ":")))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer[1], indent=1))
    expected = {"ids": ids[0].tolist(), "likeliest": logits[0].argmax(-1).tolist()}
    (folder / "expected.json").write_text(json.dumps(expected))
    save_file({"logits": logits[0, -KEPT:].float().contiguous()}, folder / "logits.safetensors")
    for junk in ("generation_config.json",):
        (folder / junk).unlink(missing_ok=True)
    print(f"{name}: logit deviation {logits.std():.2f}")


def transformers_model(name, model_type, tokenizer, dtype, shards=None, **extra):
    sizes = dict(
        vocab_size=VOCAB, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, pad_token_id=None, bos_token_id=0, eos_token_id=1,
    )
    config = CONFIG_MAPPING[model_type](**{**sizes, **extra})
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
    randomise(model)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model.to(dtype).save_pretrained(folder, max_shard_size=shards or "5GB")
    # Loaded anew: .to(bfloat16) rounds the rotary frequencies, too.
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = torch.randint(3, 290, (1, POSITIONS), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        write(name, tokenizer, model(ids).logits, ids)
    return json.loads((folder / "config.json").read_text())


class Block(nn.Module):
    """A block of MPT as SlimLM has it: biases everywhere, exact GELU."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"Wqkv": nn.Linear(width, 3 * width), "out_proj": nn.Linear(width, width)})
        self.ffn = nn.ModuleDict({"up_proj": nn.Linear(width, 4 * width), "down_proj": nn.Linear(4 * width, width)})

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (y.view(batch, length, self.heads, -1).transpose(1, 2) for y in self.attn["Wqkv"](self.norm_1(x)).chunk(3, -1))
        attended = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn["out_proj"](attended.transpose(1, 2).reshape(batch, length, width))
        return x + self.ffn["down_proj"](nn.functional.gelu(self.ffn["up_proj"](self.norm_2(x))))


class SlimLm(nn.Module):
    def __init__(self, width, heads, layers, context):
        super().__init__()
        blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        tables = {"wte": nn.Embedding(VOCAB, width), "wpe": nn.Embedding(context, width)}
        self.transformer = nn.ModuleDict({**tables, "blocks": blocks, "norm_f": nn.LayerNorm(width)})

    def forward(self, ids):
        parts = self.transformer
        x = parts["wte"](ids) + parts["wpe"](torch.arange(ids.shape[1]))
        for block in parts["blocks"]:
            x = block(x)
        return parts["norm_f"](x) @ parts["wte"].weight.T


def slimlm(name):
    width, heads, layers, context = 32, 4, 2, 64
    model = SlimLm(width, heads, layers, context).eval()
    randomise(model)
    model = model.to(torch.bfloat16)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The fields of the released SlimLM-125M's configuration that decide anything.
    attention = dict(alibi=False, attn_impl="torch", attn_type="multihead_attention", clip_qkv=None, qk_gn=False, qk_ln=False, rope=False, sliding_window_size=-1, softmax_scale=None)
    config = dict(
        architectures=["MPTForCausalLM"], attn_config=attention, d_model=width, embedding_fraction=1.0, expansion_ratio=4,
        ffn_config={"ffn_type": "mptmlp"}, learned_pos_emb=True, logit_scale=None, max_seq_len=context, model_type="mpt",
        n_heads=heads, n_layers=layers, no_bias=False, norm_type="low_precision_layernorm", vocab_size=VOCAB,
    )
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    # The released repository lists a safetensors file that is not there.
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"transformer.wte.weight": "model.safetensors"}}))
    ids = torch.randint(3, 290, (1, POSITIONS), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        write(name, byte_level("neox"), model.float()(ids), ids)


def main():
    torch.manual_seed(0)
    slimlm("slimlm")
    transformers_model("smollm", "llama", byte_level("smollm"), torch.bfloat16, tie_word_embeddings=True, rms_norm_eps=1e-5)
    scaling = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=128, rope_theta=10000.0)
    transformers_model("llama3", "llama", byte_level("llama3"), torch.float16, shards="20KB", tie_word_embeddings=False, rope_parameters=scaling, rms_norm_eps=1e-5)
    biased = dict(attention_bias=True, rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=10000.0))
    transformers_model("llama-biases", "llama", byte_level("smollm"), torch.bfloat16, tie_word_embeddings=True, **biased)
    *tokenizer, size = pieces("llama2", mixed=True)
    transformers_model("tinyllama", "llama", tokenizer, torch.bfloat16, vocab_size=size, tie_word_embeddings=False, rms_norm_eps=1e-5)
    *tokenizer, size = pieces("metaspace", mixed=True)
    transformers_model("mistral-metaspace", "mistral", tokenizer, torch.bfloat16, vocab_size=size, tie_word_embeddings=False, sliding_window=None)
    *tokenizer, size = pieces("llama2")
    transformers_model("mistral", "mistral", tokenizer, torch.bfloat16, vocab_size=size, head_dim=16, tie_word_embeddings=False, sliding_window=128)
    transformers_model("qwen2", "qwen2", byte_level("qwen2"), torch.bfloat16, tie_word_embeddings=True, rope_theta=1000000.0)
    transformers_model("qwen3", "qwen3", byte_level("qwen2"), torch.bfloat16, tie_word_embeddings=True, head_dim=16, rope_theta=1000000.0)
    *tokenizer, size = pieces("gemma")
    transformers_model("gemma2", "gemma2", tokenizer, torch.bfloat16, vocab_size=size, head_dim=16, query_pre_attn_scalar=16, sliding_window=16)
    transformers_model("phi3", "phi3", byte_level("gpt4o"), torch.bfloat16, tie_word_embeddings=False, sliding_window=128)
    *tokenizer, size = pieces("phi3")
    transformers_model("phi3-mini", "phi3", tokenizer, torch.bfloat16, vocab_size=size + 9, tie_word_embeddings=False, sliding_window=128)


main()
