"""On PYTHONPATH of a run: one fault at the moment when a file is renamed to its place.

FAULT_AT: part of that file's path. FAULT_DONE: file that marks that it happened, once only.
FAULT_WHAT: `die` kills the job before the renaming, `die behind` right after it, `wait` stops the
job before it for good, so that the test can kill Snakemake.
"""

import os
import signal
import time

if at := os.environ.get("FAULT_AT"):
    real = os.replace

    def replace(source, target, **options):
        if at in str(target):
            try:
                os.close(os.open(os.environ["FAULT_DONE"], os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return real(source, target, **options)
            if os.environ["FAULT_WHAT"] == "wait":
                time.sleep(600)
            if os.environ["FAULT_WHAT"] == "die behind":
                real(source, target, **options)
            os.kill(os.getpid(), signal.SIGKILL)
        return real(source, target, **options)

    os.replace = replace
