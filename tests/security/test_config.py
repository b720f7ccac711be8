"""A configuration from others may not leave its folders, hide code, or hold a secret."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from itc.config import ConfigError, read_config
from itc.config.model import Model
from itc.engines._base import EngineError
from itc.engines._base import check as check_model
from itc.engines.vllm import arguments
from itc.grid import Grid, checks

REPO = Path(__file__).resolve().parents[2]
MINI = REPO / "tests/config/mini.yaml"


def raw(**study):
    config: dict = {}
    for name in ("default", "datasets", "models", "procedures"):
        part = yaml.safe_load((REPO / "config" / f"{name}.yaml").read_text(encoding="utf-8"))
        for key, value in (part or {}).items():
            config[key] = {**config.get(key, {}), **value} if isinstance(value, dict) else value
    mini = yaml.safe_load(MINI.read_text(encoding="utf-8"))
    for key, value in mini.items():
        config[key] = {**config.get(key, {}), **value}
    config["study"] |= study
    return config


def assert_refused(config, *words):
    with pytest.raises(ConfigError) as error:
        grid = Grid(read_config(config), REPO)
        checks.check(grid)
    for word in words:
        assert word in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc/x", "..", ".hid", "a/b", "a\n", "a b", "", "a\x00b", "-rf", "$(id)"],
)
@pytest.mark.parametrize("kind", ["datasets", "models", "procedures", "imports", "archives"])
def test_names_that_would_leave_a_folder_are_refused(kind, name):
    config = raw()
    entries = config.setdefault(kind, {})
    like = {
        "imports": {"format": "jsonl", "file": "x.jsonl"},
        "archives": {"path": "x.tar"},
    }.get(kind) or next(iter(entries.values()))
    entries[name] = like
    assert_refused(config, f"{kind}.{name}", "is no name")


@pytest.mark.parametrize("name", ["../../home", "/tmp/x", "a/b", "x\n"])
def test_the_studys_own_name_too(name):
    assert_refused(raw(name=name), "study.name", "is no name")


@pytest.mark.parametrize("stem", ["../default", "../../LICENSE", "/etc/passwd", "x/../sample"])
def test_a_template_is_a_file_of_its_folder(stem):
    config = raw()
    config["procedures"]["sample"] = {**config["procedures"]["sample"], "prompt": stem}
    assert_refused(config, f"no template {stem!r}", "allowed: ")
    config = raw()
    own = config["procedures"]["sample"]["prompt"]
    config["datasets"]["sums"] = {**config["datasets"]["sums"], "prompts": {own: stem}}
    assert_refused(config, f"no template {stem!r}")


@pytest.mark.parametrize("kind", ["strategies", "features", "figures", "sections", "claims"])
def test_extensions_are_named_not_imported_from_anywhere(kind):
    assert_refused(raw(**{kind: ["os"]}), f"study.{kind}: 'os' has no file")
    assert_refused(raw(**{kind: ["../procedures/sample"]}), "has no file")


def served(address: str) -> Model:
    return Model(title="m", reasoning=False, engine="openai", model="x", base_url=address)


def model(**changes):
    config = raw()
    config["models"]["scripted-a"] = {**config["models"]["scripted-a"], **changes}
    return config


def test_remote_code_runs_for_the_model_that_asks_for_it_and_no_other():
    entries = read_config(raw()).models
    assert not any(entry.trust_remote_code for entry in entries.values())
    allowed = read_config(model(trust_remote_code=True)).models
    assert [name for name, entry in allowed.items() if entry.trust_remote_code] == ["scripted-a"]
    plain = Model(title="m", reasoning=False, model="a/b")
    assert arguments(plain)["trust_remote_code"] is False
    assert arguments(plain.model_copy(update={"trust_remote_code": True}))["trust_remote_code"]


def test_options_of_an_engine_cannot_ask_for_it():
    text = assert_refused(model(engine_options={"trust_remote_code": True}))
    assert "models.scripted-a.engine_options.trust_remote_code: set it as" in text


@pytest.mark.parametrize("key", ["api_key", "hf_token", "token", "password", "client_secret"])
def test_a_secret_in_the_options_is_refused_and_not_shown(key):
    text = assert_refused(model(engine_options={key: "sk-canary"}), "api_key_env", key)
    assert "sk-canary" not in text


def test_ordinary_options_with_such_letters_pass():
    options = {"tokenizer": "x", "max_num_batched_tokens": 8}
    grid = Grid(read_config(model(engine_options=options)), REPO)
    assert grid.model("scripted-a").engine_options == options


@pytest.mark.parametrize(
    "address",
    ["http://user:sk-canary@host/v1", "https://host/v1?key=sk-canary", "https://sk-canary@host/v1"],
)
def test_a_secret_in_an_address_is_refused_and_not_shown(address):
    with pytest.raises(EngineError, match="api_key_env") as error:
        check_model("m", served(address))
    assert "sk-canary" not in str(error.value)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://host/v1", "host:8000", "http://"])
def test_addresses_are_http_or_https(address):
    with pytest.raises(EngineError, match="key 'base_url'"):
        check_model("m", served(address))


def test_yaml_of_others_makes_no_object():
    from itc.features._lexicon import LexiconError, parse

    bad = "name: !!python/object/apply:os.system ['touch /tmp/pwned']"
    with pytest.raises(LexiconError, match="not YAML"):
        parse(bad, "hostile.yaml")
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(bad)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("request", {"extra_headers": {"Authorization": "Bearer x"}}),
        ("request", {"api_key": "sk-x"}),
        ("serving_options", {"hf_token": "x"}),
        ("chat_template_kwargs", {"password": "x"}),
    ],
)
def test_a_secret_is_refused_wherever_free_keys_are(kind, given):
    text = assert_refused(model(**{kind: given}), f"{kind}.", "a secret does not belong")
    assert "sk-x" not in text and "Bearer" not in text
