#!/usr/bin/env python3
"""Renders the chat templates of the agent's tests with Hugging Face's own code.

    python3 -m venv v && v/bin/pip install transformers jinja2 && v/bin/python tools/chat_template_reference.py

Writes device-agent/tests/templates/expected.json, and the texts of odd.json, whose templates stand there: those with
"parts" take lists of parts only. The agent must render the same.
"""

import datetime
import json
import pathlib
import sys

import jinja2
import transformers
from transformers.utils import chat_template_utils

FOLDER = pathlib.Path(__file__).parent.parent / "device-agent" / "tests" / "templates"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
SYSTEMS = [None, "You answer in one line.\n"]
USERS = ["Who was the first president of USA?", "  <b>Line \"one\" & 'two' {{ 7 }}\n\nnaïve 模型 🙂  "]


class Day(datetime.datetime):
    """The one day that prompts are told."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


def render(source, system, user):
    messages = [] if system is None else [{"role": "system", "content": system}]
    messages.append({"role": "user", "content": user})
    try:
        rendered, _ = chat_template_utils.render_jinja_template(
            [messages], chat_template=source, add_generation_prompt=True, **TOKENS
        )
    except jinja2.exceptions.TemplateError as error:
        return {"error": str(error)}
    return {"text": rendered[0]}


def odd():
    path = FOLDER / "odd.json"
    cases = json.loads(path.read_text())
    for case in cases:
        content = [{"type": "text", "text": "Who?"}] if case["parts"] else "Who?"
        rendered, _ = chat_template_utils.render_jinja_template(
            [[{"role": "user", "content": content}]],
            chat_template=case["source"],
            add_generation_prompt=True,
            pad_token="<pad>",
            **TOKENS,
        )
        case["text"] = rendered[0]
    lines = ",\n".join(" " + json.dumps(case, ensure_ascii=False) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")


def main():
    chat_template_utils.datetime = Day
    odd()
    cases = []
    for path in sorted(FOLDER.glob("*.jinja")):
        source = path.read_bytes().decode()
        for system in SYSTEMS:
            for user in USERS:
                cases.append({"template": path.stem, "system": system, "user": user, **render(source, system, user)})
    made_by = f"transformers {transformers.__version__}, jinja2 {jinja2.__version__}"
    document = {"made_by": made_by, **TOKENS, "cases": cases}
    (FOLDER / "expected.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    print(f"{len(cases)} cases, {made_by}", file=sys.stderr)


if __name__ == "__main__":
    main()
