#!/bin/sh
# How much of the core its unit tests execute, lines and branches: the table of docs/testing.md.
set -euf
cd "$(dirname "$0")/.."
export COVERAGE_FILE="${COVERAGE_FILE:-.coverage}"
python -m coverage erase
# Compiled code is seen only where it is interpreted.
NUMBA_DISABLE_JIT=1 python -m coverage run -p -m pytest -q -k "not 1000" \
  tests/unit/estimators tests/unit/stats tests/unit/costs
python -m coverage run -p -m pytest -q \
  tests/unit/strategies tests/unit/features tests/unit/grading tests/unit/journal \
  tests/unit/deposit tests/unit/archive tests/unit/report/test_examples.py $(find tests/unit -maxdepth 1 -name "test_*.py")
python -m coverage combine -q
core="estimators/* stats/* costs/* grading/* strategies/* features/* grid/* config/*"
core="$core journal.py tables.py schemas.py outcomes.py registry.py fingerprint.py"
python -m coverage report --include="$(printf '*/itc/%s,' $core)"
