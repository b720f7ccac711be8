"""The two demo models: files, tokenizer, chat template, card and prompts."""

import csv
import json
import random
import re
from pathlib import Path

import jinja2
import pytest

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("tiny-reasoner", "tiny-direct")
SINGLE_DRAW = {"tiny-reasoner": (0.35, 0.80), "tiny-direct": (0.05, 0.40)}
QUESTION = {"role": "user", "content": "What is 1 + 2?"}
VALUES = {
    "question": "What is 1 + 2?",
    "response": "The answer is \\boxed{3}.",
    "answer": 3,
    "critique": "3 is correct.",
    "answers": [3, "4"],
    "responses": ["\\boxed{3}", "\\boxed{4}"],
    "summaries": ["It gets 3.", "It gets 4."],
}
PROMPTS = {
    "sample": ("question",),
    "sample_plain": ("question",),
    "judge_score": ("question", "response"),
    "judge_yesno": ("question", "response"),
    "revise_full": ("question", "response"),
    "revise_answer": ("question", "answer"),
    "critique": ("question", "response"),
    "revise_critique": ("question", "response", "critique"),
    "aggregate_answers": ("question", "answers"),
    "aggregate_full": ("question", "responses"),
    "summarize": ("question", "response"),
    "aggregate_summaries": ("question", "summaries"),
    "select": ("question", "responses"),
    "sample_steps": ("question",),
    "judge_score_line": ("question", "response"),
    "revise_full_line": ("question", "response"),
    "revise_answer_line": ("question", "answer"),
    "aggregate_answers_line": ("question", "answers"),
    "select_line": ("question", "responses"),
}
EXAMPLES_FIRST = ("sample_steps",)  # worked examples stand before the question


@pytest.fixture(scope="module", params=NAMES)
def folder(request):
    return ROOT / "models" / request.param


@pytest.fixture(scope="module")
def tokenizer(folder):
    transformers = pytest.importorskip("transformers")
    return transformers.AutoTokenizer.from_pretrained(folder)


def chat(folder, messages, **values):
    config = json.loads((folder / "tokenizer_config.json").read_text())
    return jinja2.Template(config["chat_template"]).render(messages=messages, **values)


def test_folder_is_complete_and_small(folder):
    names = {path.name for path in folder.iterdir()}
    assert {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "generation_config.json",
        "README.md",
        "training.csv",
        "evaluation.json",
    } <= names
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4_000_000


def test_config_describes_a_llama_of_the_tokenizer_s_size(folder):
    config = json.loads((folder / "config.json").read_text())
    vocabulary = json.loads((folder / "tokenizer.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["max_position_embeddings"] >= 2048
    largest = max(
        *vocabulary["model"]["vocab"].values(), *(t["id"] for t in vocabulary["added_tokens"])
    )
    assert config["vocab_size"] == largest + 1


def test_both_models_have_the_same_shape():
    first, second = (json.loads((ROOT / "models" / n / "config.json").read_text()) for n in NAMES)
    assert first == second


def test_weights_have_the_shapes_that_the_config_promises(folder):
    safetensors = pytest.importorskip("safetensors")
    config = json.loads((folder / "config.json").read_text())
    with safetensors.safe_open(folder / "model.safetensors", "numpy") as tensors:
        shape = tensors.get_slice("model.embed_tokens.weight").get_shape()
        layers = {name.split(".")[2] for name in tensors.keys() if ".layers." in name}  # noqa: SIM118
    assert shape == [config["vocab_size"], config["hidden_size"]]
    assert len(layers) == config["num_hidden_layers"]


@pytest.mark.parametrize(
    "text",
    ["naïve – 10 € ≠ 数学 🙂", "a\tb\n\n c  d", "<think>\nx\n</think>\n\ny", "\u200bé\u0301"],
)
def test_any_text_survives_the_tokenizer(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text


@pytest.mark.parametrize("token", ["<|user|>", "<|assistant|>", "<|end|>", "<think>", "</think>"])
def test_markers_are_single_tokens(tokenizer, token):
    assert len(tokenizer.encode(token, add_special_tokens=False)) == 1


def test_thinking_stays_visible_and_roles_vanish_in_decoded_text(tokenizer):
    ids = tokenizer.encode("<think>\nx\n</think>\n\ny<|end|>", add_special_tokens=False)
    assert tokenizer.decode(ids, skip_special_tokens=True) == "<think>\nx\n</think>\n\ny"
    assert tokenizer.eos_token == "<|end|>"


def test_digits_are_single_tokens(tokenizer):
    assert tokenizer.tokenize("1234567890") == list("1234567890")


def test_tokenizer_applies_the_chat_template(folder, tokenizer):
    text = tokenizer.apply_chat_template([QUESTION], tokenize=False, add_generation_prompt=True)
    assert text == chat(folder, [QUESTION], add_generation_prompt=True)
    assert text == "<|user|>What is 1 + 2?<|end|><|assistant|>"


def test_chat_template_takes_a_system_message_and_several_turns(folder):
    messages = [
        {"role": "system", "content": "Be brief."},
        QUESTION,
        {"role": "assistant", "content": "<think>\nx\n</think>\n\n3"},
        QUESTION,
    ]
    turn = "<|user|>What is 1 + 2?<|end|>"
    assert chat(folder, messages) == (
        f"<|system|>Be brief.<|end|>{turn}<|assistant|>3<|end|>{turn}"
    )


def test_last_assistant_message_keeps_its_thinking(folder):
    messages = [QUESTION, {"role": "assistant", "content": "<think>\nx"}]
    assert chat(folder, messages).endswith("<|assistant|><think>\nx<|end|>")


def test_only_the_reasoner_gets_empty_thinking_when_it_is_switched_off(folder):
    text = chat(folder, [QUESTION], add_generation_prompt=True, enable_thinking=False)
    filled = text.endswith("<|assistant|><think>\n\n</think>\n\n")
    assert filled == (folder.name == "tiny-reasoner")


def test_measured_numbers_are_in_the_promised_ranges(folder):
    numbers = json.loads((folder / "evaluation.json").read_text())
    low, high = SINGLE_DRAW[folder.name]
    assert low <= numbers["mean"]["single"] <= high
    assert numbers["mean"]["format"] >= 0.9
    assert all(row["format"] >= 0.9 for row in numbers["procedures"].values())
    if folder.name == "tiny-reasoner":
        assert numbers["mean"]["majority_16"] > numbers["mean"]["single"] + 0.03
        assert numbers["mean"]["hedges_wrong"] > numbers["mean"]["hedges_right"]
        assert numbers["mean"]["tokens"] <= 130
    else:
        assert numbers["mean"]["tokens"] < 15


def test_card_shows_the_measured_numbers_and_says_what_the_model_is_not(folder):
    card = (folder / "README.md").read_text()
    mean = json.loads((folder / "evaluation.json").read_text())["mean"]
    assert f"| **mean** | {mean['single']:.2f} | {mean['majority_16']:.2f} |" in card
    assert "no evidence about large language models" in card
    assert "license: mit" in card


def test_recorded_loss_falls(folder):
    with (folder / "training.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["step", "loss", "tokens", "seconds"]
    assert float(rows[-1]["loss"]) < 0.5 * float(rows[0]["loss"])


@pytest.mark.parametrize("name", PROMPTS)
def test_prompt_renders_with_its_variables_only(name):
    source = (ROOT / "config" / "prompts" / f"{name}.j2").read_text()
    assert re.match(r"\{# version: \d+ -?#\}\n", source)
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    text = environment.from_string(source).render({key: VALUES[key] for key in PROMPTS[name]})
    if name in EXAMPLES_FIRST:
        assert text.endswith("Question: What is 1 + 2?")
    else:
        assert text.startswith(("What is 1 + 2?", "Question:\nWhat is 1 + 2?\n\n"))
    assert "version" not in text
    assert text == text.strip()


def test_no_prompt_lacks_a_test():
    assert {path.stem for path in (ROOT / "config" / "prompts").glob("*.j2")} == set(PROMPTS)


def test_lists_in_prompts_are_numbered_from_one():
    source = (ROOT / "config" / "prompts" / "aggregate_answers.j2").read_text()
    text = jinja2.Template(source).render(VALUES)
    assert "\n1. 3\n2. 4\n\n" in text


def test_training_examples_are_repeatable_and_end_in_an_answer(monkeypatch):
    pytest.importorskip("reasoning_gym")
    monkeypatch.syspath_prepend(str(ROOT / "models" / "recipe"))
    import corpus
    import tasks

    assert tasks.TRAINING_SEED >= 10_000_000 > 1_000_000 > tasks.EVALUATION_SEED
    for name in NAMES:
        drawn, again = (
            [corpus.draw(random.Random(seed), name, "wide") for seed in range(60)] for _ in range(2)
        )
        assert drawn == again
        thinking = ["<think>" in e.prefix + e.target for e in drawn]
        assert all(thinking) if name == "tiny-reasoner" else not any(thinking)
        assert all("\\boxed{" in e.prefix + e.target for e in drawn if e.kind == "sample")
