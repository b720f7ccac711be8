"""What a procedure and an entry may ask of vLLM, against a random tiny model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from itc.config.model import Model
from itc.config.sampling import Sampling
from itc.engines import vllm
from itc.engines._base import EngineError, Params, Request
from itc.engines._vllm_options import bounded

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(600)]
pytest.importorskip("vllm")


def ask(i: int = 1, seed: int = 1, template: dict | None = None, **params) -> Request:
    defaults = {"temperature": 0.0, "top_p": 1.0, "max_tokens": 24}
    messages = ({"role": "user", "content": f"What is {i} + 2?"},)
    return Request(messages, Params(**defaults | params), seed, template=template or {})


def run(engine, requests):
    for number, request in enumerate(requests):
        engine.add(str(number), request)
    found = {}
    while len(found) < len(requests):
        found |= {done.key: done for done in engine.step()}
    return [found[str(number)] for number in range(len(requests))]


@pytest.fixture(scope="module")
def recommending(model_folder, tmp_path_factory) -> Path:
    """The model with a generation config that recommends the likeliest token alone."""
    folder = tmp_path_factory.mktemp("recommending") / "model"
    shutil.copytree(model_folder, folder)
    file = folder / "generation_config.json"
    known = json.loads(file.read_text()) if file.is_file() else {}
    recommended = {"top_k": 1, "temperature": 0.7, "repetition_penalty": 1.2}
    file.write_text(json.dumps(known | recommended))
    return folder


@pytest.fixture(scope="module")
def engine(model_entry, recommending):
    entry = model_entry.model_copy(update={"model": str(recommending), "reasoning": True})
    with vllm.open_engine(bounded(entry, [Sampling(max_tokens=1, thinking_budget=4)])) as opened:
        yield opened


def test_the_models_own_sampling_is_read_used_and_recorded(engine):
    asked = [ask(seed=seed, temperature=0.9, sampling="model") for seed in range(4)]
    own, plain = run(engine, asked), run(engine, [ask()])
    assert len({tuple(done.token_ids[:4]) for done in own}) == 1  # top_k 1: the seed says nothing
    made = engine.sampling_params(asked[0].params, 1)
    assert (made.temperature, made.top_k, made.top_p) == (0.7, 1, 1.0)
    want = {"temperature": 0.7, "top_p": 1.0, "top_k": 1, "min_p": 0.0, "repetition_penalty": 1.2}
    assert [d.platform["settings"]["sampling"] for d in own] == [want] * len(own)
    assert "sampling" not in plain[0].platform["settings"]
    # What the model decides is no part of the request's identity.
    assert "temperature" not in asked[0].content()["params"]


def test_penalties_words_and_least_lengths_reach_vllm(engine):
    given = {"min_p": 0.1, "repetition_penalty": 1.2, "presence_penalty": 0.3}
    given |= {"frequency_penalty": -0.4, "min_tokens": 3, "stop": "x", "top_k": 9}
    made = engine.sampling_params(Params(max_tokens=5, **given), 1)
    assert {name: getattr(made, name) for name in given} == given | {"stop": ["x"]}
    (plain,) = run(engine, [ask()])
    letters = sorted({c for c in plain.text if c.isalnum()})
    (without,) = run(engine, [ask(bad_words=letters)])
    assert letters and not set(without.text) & set(letters)
    many = [ask(i, seed=i, temperature=1.0, max_tokens=30) for i in range(60)]
    lengths = [done.n_output() for done in run(engine, many)]
    short = min(range(60), key=lengths.__getitem__)
    assert lengths[short] < 20
    given = {"temperature": 1.0, "max_tokens": 30, "min_tokens": 20}
    assert run(engine, [ask(short, seed=short, **given)])[0].n_output() >= 20


def test_a_thinking_budget_closes_the_thinking(engine):
    think = {"enable_thinking": True}  # the template then opens the block
    free, cut = run(engine, [ask(template=think), ask(template=think, thinking_budget=4)])
    assert free.thinking_open and "</think>" not in free.text[:20]
    # The template's line break after <think> is the first of the four tokens for vLLM.
    assert cut.thinking_end is not None and cut.n_thinking_tokens in (3, 4)
    assert cut.text[: cut.thinking_end].endswith("</think>")


def test_a_budget_needs_delimiters_of_the_thinking(model_entry):
    bare = model_entry.model_copy(update={"thinking": None})
    with pytest.raises(EngineError, match="thinking_budget: the model's entry has no `thinking`"):
        bounded(bare, [Sampling(max_tokens=1, thinking_budget=4)])
    assert bounded(bare, [Sampling(max_tokens=1)]) is bare


def adapter(folder: Path, model_folder: Path, scale: float) -> Path:
    """A LoRA adapter as PEFT saves it, of random weights times ``scale``."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    hidden, rank = 64, 4
    generator = torch.Generator().manual_seed(3)
    weights = {}
    for layer in range(2):
        for name in ("q_proj", "v_proj"):
            stem = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            weights[f"{stem}.lora_A.weight"] = torch.randn(rank, hidden, generator=generator)
            weights[f"{stem}.lora_B.weight"] = (
                torch.randn(hidden, rank, generator=generator) * scale
            )
    save_file(weights, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": rank, "lora_alpha": 8, "task_type": "CAUSAL_LM"}
    config |= {"target_modules": ["q_proj", "v_proj"], "bias": "none", "lora_dropout": 0.0}
    config["base_model_name_or_path"] = str(model_folder)
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.full
def test_an_adapter_changes_the_answers_and_an_empty_one_does_not(
    model_entry, model_folder, tmp_path
):
    requests = [ask(i) for i in range(6)]
    texts = []
    for scale in (None, 0.0, 2.0):
        folder = None if scale is None else adapter(tmp_path / f"s{scale}", model_folder, scale)
        entry = model_entry.model_copy(update={"lora": folder and str(folder)})
        with vllm.open_engine(entry) as opened:
            texts.append([done.text for done in run(opened, requests)])
    assert texts[0] == texts[1] != texts[2]


def test_a_folder_without_an_adapter_is_refused(model_entry, tmp_path):
    entry = model_entry.model_copy(update={"lora": str(tmp_path)})
    with pytest.raises(EngineError, match=r"key 'lora': .* holds no adapter_config"):
        vllm.arguments(Model.model_validate(entry.model_dump()))
