import pytest
import yaml
from itc.features._lexicon import LexiconError, check_family, lexicon_hash, load, parse

GOOD = {
    "family": "f",
    "name": "n",
    "version": 1,
    "language": "en",
    "title": "T",
    "origin": "test",
    "licence": "MIT",
    "categories": {"c": {"title": "C", "markers": ["so", {"marker": "seem", "forms": ["seems"]}]}},
    "blocked": ["so far"],
}


def change(**changes):
    return yaml.safe_dump({k: v for k, v in {**GOOD, **changes}.items() if v is not None})


def categories(*markers):
    return {"c": {"title": "C", "markers": list(markers)}}


def test_every_shipped_marker_has_origin_and_licence():
    for lexicon in load():
        assert lexicon.markers
        for marker in lexicon.markers:
            assert marker.origin and marker.licence, marker


def test_published_lists_are_their_own_families():
    families = {lexicon.name: lexicon.family for lexicon in load()}
    assert families["hedging"] == families["thinking"] == families["discourse"]
    published = {families["backtracking_short_m_at_k"], families["hedging_lexical_hints"]}
    assert len(published | {families["hedging"]}) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"origin": None}, "missing keys ['origin']"),
        ({"extra": 1}, "unknown keys ['extra']"),
        ({"language": "de"}, "only 'en'"),
        ({"version": "1"}, "whole number"),
        ({"name": "A b"}, "lower-case"),
        ({"categories": categories("Wait")}, "'Wait' is not a marker"),
        ({"categories": categories(False)}, "False is not a marker"),
        ({"categories": categories("wait,")}, "at both ends"),
        ({"categories": categories("na\u00efve")}, "ASCII"),
        ({"categories": categories({"marker": "so", "form": ["x"]})}, "unknown keys ['form']"),
        ({"categories": {"c": {"title": "C"}}}, "list 'markers'"),
        ({"leave_out": ["seems"]}, "leave_out: 'seems' is no marker"),
    ],
)
def test_a_fault_is_named_with_its_mend(changes, said):
    with pytest.raises(LexiconError) as error:
        parse(change(**changes), "here.yaml")
    assert "here.yaml" in str(error.value) and said in str(error.value)


def test_one_form_twice_in_a_family_is_refused():
    twice = parse(change(categories=categories("so", {"marker": "thus", "forms": ["so"]})), "x")
    with pytest.raises(LexiconError, match="'so' stands in"):
        check_family([twice])
    blocked = parse(change(categories=categories("so far")), "x")
    with pytest.raises(LexiconError, match=r"n\.blocked"):
        check_family([blocked])


def test_hash_changes_with_content_only(tmp_path):
    (tmp_path / "n.yaml").write_text(change())
    first = lexicon_hash(load(tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    (other / "n.yaml").write_text(change())
    assert lexicon_hash(load(other)) == first
    third = tmp_path / "third"
    third.mkdir()
    (third / "n.yaml").write_text(change(blocked=["so long"]))
    assert lexicon_hash(load(third)) != first


def test_name_must_be_the_file_name(tmp_path):
    (tmp_path / "wrong.yaml").write_text(change())
    with pytest.raises(LexiconError, match="must be the file's name"):
        load(tmp_path)
