import pandas as pd
import pytest
from itc.grading import _cache, _pool


@pytest.fixture(scope="session", autouse=True)
def end_workers():
    """No worker outlives the tests."""
    yield
    for pool in _pool._shared.values():
        pool.close()


@pytest.fixture(autouse=True)
def forget():
    """Each test does its symbolic work itself."""
    _cache._opened.clear()


@pytest.fixture
def table():
    """Build table ``datasets`` from golds."""

    def build(*golds, answer_type="math", metadata=None):
        return pd.DataFrame(
            {
                "problem_id": [f"p{i}" for i in range(len(golds))],
                "gold": list(golds),
                "answer_type": answer_type,
                "metadata": metadata,
            }
        )

    return build


@pytest.fixture
def graded(table):
    """Grade replies to one problem; returns the rows."""
    from itc.grading._grade import grade

    def run(gold, *texts, answer_type="math", metadata=None, **columns):
        problems = table(gold, answer_type=answer_type, metadata=metadata)
        responses = pd.DataFrame(
            {"problem_id": "p0", "text": pd.Series(list(texts), dtype=object), **columns}
        )
        return grade(responses, problems)

    return run
