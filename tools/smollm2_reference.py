#!/usr/bin/env python3
"""Token ids of the study's questions as Hugging Face's own code gives them to SmolLM2-135M-Instruct.

    python3 -m venv v && v/bin/pip install transformers gguf jinja2
    v/bin/python tools/smollm2_reference.py "$(tools/real_model.sh target/real-model)"

Vocabulary, merges, special tokens and chat template are read from the file; the tokenizer is put together as the
model's tokenizer.json has it (single digits, then bytes), and rendered and run by transformers. Writes
harness/cli/tests/real_model/expected.json. What the agent reads must be the same.
"""

import json
import pathlib
import sys

import gguf
import tokenizers
import transformers
from tokenizers import decoders, models, pre_tokenizers

ROOT = pathlib.Path(__file__).parent.parent
OUT = ROOT / "harness" / "cli" / "tests" / "real_model" / "expected.json"
CONTROL = 3


def tokenizer_of(path):
    fields = gguf.GGUFReader(path).fields
    value = lambda key: fields["tokenizer." + key].contents()
    assert value("ggml.pre") == "smollm", value("ggml.pre")
    words = value("ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in value("ggml.merges")]
    inner = tokenizers.Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=merges))
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    inner.decoder = decoders.ByteLevel()
    special = [word for word, kind in zip(words, value("ggml.token_type")) if kind == CONTROL]
    inner.add_special_tokens([tokenizers.AddedToken(word, normalized=False) for word in special])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token=words[value("ggml.bos_token_id")],
        eos_token=words[value("ggml.eos_token_id")],
        chat_template=value("chat_template"),
    )


def main():
    tokenizer = tokenizer_of(sys.argv[1])
    questions = (ROOT / "prompts" / "questions.txt").read_text().splitlines()
    cases = []
    for number, question in enumerate(filter(None, questions), 1):
        messages = [{"role": "user", "content": question}]
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        cases.append({"id": f"q{number}", "text": text, "ids": ids})
    made_by = f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}"
    OUT.parent.mkdir(exist_ok=True)
    lines = ",\n  ".join(json.dumps(case, ensure_ascii=False) for case in cases)
    OUT.write_text(f'{{\n "made_by": "{made_by}",\n "prompts": [\n  {lines}\n ]\n}}\n')
    print([len(case["ids"]) for case in cases], made_by, file=sys.stderr)


if __name__ == "__main__":
    main()
