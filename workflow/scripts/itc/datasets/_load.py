"""Load one dataset by its config entry, whichever loader it names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import pandas as pd

from itc import registry
from itc.datasets._problems import DatasetError, duplicates, finish, option

UNFIT = (TypeError, AttributeError, LookupError, OverflowError, UnicodeError, JSONDecodeError)
log = logging.getLogger(__name__)


def load_dataset(spec: Mapping[str, Any], root: Path) -> pd.DataFrame:
    """Return the problems of the dataset that ``spec`` (its config entry) describes.

    One row per problem, columns of table ``datasets``, sorted by ``problem_id``. Relative paths
    are resolved against ``root``. Raises DatasetError (key, file, value and mend in its message)
    and registry.UnknownExtensionError for a loader that no file provides. Problems whose questions
    repeat are kept and reported in the log.
    """
    loader = registry.load("datasets", option(spec, "loader"))
    title = str(spec.get("title", spec["loader"]))
    try:
        frame = finish(loader.load(dict(spec), Path(root)), spec, f"dataset {title!r}")
    except DatasetError:
        raise
    # What values of an unexpected kind make loaders raise; the files come from others.
    except (*UNFIT, RecursionError, MemoryError) as error:
        raise DatasetError(
            f"dataset {title!r}: a value of its file is of a kind that no dataset has there "
            f"({type(error).__name__}: {str(error)[:200]}); correct the file or the entry's keys"
        ) from error
    repeated = duplicates({title: frame})
    if len(repeated):
        groups = repeated.groupby("group")["problem_id"].agg(", ".join)
        log.warning(
            "dataset %r: %d groups of problems ask the same question: %s",
            title,
            len(groups),
            "; ".join(groups.head(5)),
        )
    return frame
