"""A random tiny Llama with a character vocabulary: nothing to learn from, everything to load."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from itc.config.model import Model

SPECIAL = ["<pad>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>"]
TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>"
    "{% if enable_thinking is defined and enable_thinking %}<think>\n{% endif %}{% endif %}"
)


def make_model(folder: Path) -> Path:
    """Write a model folder that vLLM loads like any other."""
    import torch
    from tokenizers import Tokenizer, decoders, models
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    characters = [chr(code) for code in range(32, 127)] + ["\n"]
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *characters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        additional_special_tokens=SPECIAL[3:],
    )
    fast.add_tokens(["<think>", "</think>"])
    fast.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2:
                weight.normal_(0, 0.15 if "lm_head" in name else 0.3)
    # As many models ship them: a server fills them in where a request leaves them out.
    model.generation_config.update(do_sample=True, repetition_penalty=1.3, top_k=2)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "random-llama")


@pytest.fixture(scope="session")
def model_entry(model_folder: Path) -> Model:
    values = {
        "title": "random",
        "reasoning": True,
        "engine": "vllm",
        "model": str(model_folder),
        "dtype": "float32",
        "max_model_len": 256,
        "max_num_seqs": 32,
        "thinking": ["<think>", "</think>"],
        "logprobs": 5,
    }
    return Model.model_validate(values)


@pytest.fixture
def server() -> Iterator:
    """A server that answers as its script says, see scripted_server.py."""
    sys.path.insert(0, str(Path(__file__).parent))
    from scripted_server import Server

    made = Server()
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()
