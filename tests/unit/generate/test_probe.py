from __future__ import annotations

import pandas as pd
import pytest
from itc import tables
from itc.config.model import Model
from itc.generation_probe import compare, first_difference, probe, variants


def run(*outputs):
    return pd.DataFrame(
        {
            "problem_id": ["a", "a", "b", "b"],
            "draw": [0, 1, 0, 1],
            "round": 0,
            "token_ids": list(outputs),
            "n_output_tokens": [len(o) for o in outputs],
        }
    )


def is_right(frame):
    return frame["token_ids"].map(lambda ids: ids[-1] == 9)


def test_differences_of_two_runs_by_hand():
    reference = run([1, 2, 9], [1, 9], [3, 9], [3, 4])
    found = compare(run([1, 2, 9], [1, 5, 9], [3, 9], [3, 4, 5, 9]), reference, is_right)
    assert found["identical"] == 0.5 and found["first_difference"] == 1.5
    assert found["length_difference"] == 0.75  # (0 + 1 + 0 + 2) / 4
    assert found["accuracy"] == 1.0 and found["accuracy_difference"] == 0.25
    # problem means 0.5 and 1.0: standard deviation 0.3536, error 0.25
    assert found["length_difference_se"] == pytest.approx(0.25)
    with pytest.raises(ValueError, match="same requests"):
        compare(reference.iloc[:3], reference, is_right)


def test_first_difference():
    assert first_difference([1, 2], [1, 2]) is None
    assert first_difference([1, 2], [1, 2, 3]) == 2
    assert first_difference([0, 2], [1, 2]) == 0


def test_variants_of_an_entry():
    entry = Model(title="m", reasoning=False, dtype="bfloat16", tensor_parallel_size=4)
    names = list(variants(entry, (1,), ("bfloat16",)))
    assert names == [
        "as configured",
        "max_num_seqs=1",
        "tensor_parallel_size=2",
        "tensor_parallel_size=1",
    ]


def test_probe_of_an_engine_that_is_reproducible(bench, tmp_path):
    job = bench.job("sample", bench.problems())
    table = probe(
        bench.model,
        "toy",
        job,
        tmp_path / "probe",
        seed=1,
        draws=range(2),
        changes=variants(bench.model, (1, 8)),
        correct=lambda frame: frame["text"].str.contains("boxed"),
    )
    tables.write(table, "probes", tmp_path / "table.parquet")
    written = tables.read(tmp_path / "table.parquet", "probes")
    assert len(written) == 3 and (written["identical"] == 1.0).all()
    assert (written["length_difference"] == 0).all() and written["first_difference"].isna().all()
