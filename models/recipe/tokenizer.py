"""The shared ByteLevel BPE tokenizer and the two chat templates."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

PAD, END, SYSTEM, USER, ASSISTANT = "<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"
SPECIAL = (PAD, END, SYSTEM, USER, ASSISTANT)
THINK, END_THINK = "<think>", "</think>"
PATTERN = r" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]|\s+"
VOCAB_SIZE = 768
MAX_LENGTH = 2048

_TURNS = """\
{%- for message in messages -%}
{%- set content = message['content'] -%}
{%- if message['role'] == 'assistant' -%}
{%- if not loop.last and '</think>' in content -%}
{%- set content = content.split('</think>')[-1].lstrip('\\n') -%}
{%- endif -%}
{{- '<|assistant|>' + content + '<|end|>' -}}
{%- else -%}
{{- '<|' + message['role'] + '|>' + content + '<|end|>' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|assistant|>' -}}
"""
_NO_THINKING = """\
{%- if enable_thinking is defined and enable_thinking is false -%}
{{- '<think>\\n\\n</think>\\n\\n' -}}
{%- endif -%}
"""
CHAT_TEMPLATES = {
    "tiny-reasoner": _TURNS + _NO_THINKING + "{%- endif -%}",
    "tiny-direct": _TURNS + "{%- endif -%}",
}


def build(texts: Iterable[str]) -> Tokenizer:
    """Train the tokenizer: digits stay single, every byte has a token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE - 2,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    visible = [AddedToken(t, special=False, normalized=False) for t in (THINK, END_THINK)]
    tokenizer.add_tokens(visible)
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path, model: str) -> None:
    """Write the tokenizer files of a Hugging Face model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"eos_token": END, "pad_token": PAD}
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_LENGTH,
        "clean_up_tokenization_spaces": False,
        **names,
        "chat_template": CHAT_TEMPLATES[model],
    }
    for name, content in (("tokenizer_config", config), ("special_tokens_map", names)):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
