"""What the Snakefile imports is paid twice per cluster job: it must stay light."""

import subprocess
import sys

from itc.config import root

HEAVY = ("pandas", "pyarrow", "numpy", "torch", "vllm", "statsmodels", "seaborn", "sympy")


def test_importing_what_the_snakefile_imports_loads_nothing_heavy():
    code = (
        "import sys; sys.path.insert(0, 'workflow/scripts');"
        "import itc.registry, itc.config, itc.fingerprint, itc.grid;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=root(), capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
