"""Token counts for recordings that tell none, by a tokenizer that the config names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

BATCH = 16  # texts encoded at once: an encoding takes far more memory than its text


class TokenizerError(ValueError):
    """The tokenizer of an import cannot be loaded; the message names key, value and mend."""


def counter(name: str) -> Callable[[Sequence[str]], list[int]]:
    """Function texts -> token counts, special tokens not added.

    ``name`` is a folder with ``tokenizer.json``, or a Hugging Face repository, ``@`` and a revision
    behind it where wanted.
    """
    from tokenizers import Tokenizer

    try:
        if Path(name).is_dir():
            tokenizer = Tokenizer.from_file(str(Path(name) / "tokenizer.json"))
        else:
            repository, _, revision = name.partition("@")
            tokenizer = Tokenizer.from_pretrained(repository, revision=revision or "main")
    except Exception as error:  # the library raises plain Exception
        raise TokenizerError(
            f"imports.*.tokenizer: {name!r} cannot be loaded ({error}); give a folder with "
            "tokenizer.json or a Hugging Face repository, or leave the key out"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> list[int]:
        sizes: list[int] = []
        for start in range(0, len(texts), BATCH):
            batch = list(texts[start : start + BATCH])
            sizes += [len(e.ids) for e in tokenizer.encode_batch(batch, add_special_tokens=False)]
        return sizes

    return count
