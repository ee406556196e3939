# make setup | demo | demo-sefd | demo-fewshot | test | lint | bench-NAME | clean
#
# PYTHON=python3.11   the interpreter the environment is made from (3.10 to 3.12)
# VENV=.venv          where the environment lies
# TORCH="..."         what to ask pip for instead of the tested PyTorch, for example
#                     "torch==2.13.0 torchvision==0.28.0 --index-url https://download.pytorch.org/whl/cu130"
# TESTS="..."         arguments of pytest instead of the whole suite
PYTHON ?= python3
VENV ?= .venv
TORCH ?=
TESTS ?=

RUN := $(VENV)/bin/python
# Tests run in as many processes, each with one thread.
CORES := $(shell $(PYTHON) -c 'import os; print(os.cpu_count() or 1)')

.PHONY: setup demo demo-sefd demo-fewshot test lint format check-env clean

setup:
	@$(PYTHON) tools/setup_environment.py --venv "$(VENV)" --torch '$(TORCH)'

demo: setup
	$(RUN) tools/demo_unified.py

demo-sefd: setup
	$(RUN) tools/demo_sefd.py

demo-fewshot: setup
	$(RUN) tools/demo_fewshot.py

test: setup
	OMP_NUM_THREADS=1 $(RUN) -m pytest -n $(CORES) --dist loadfile $(TESTS)

lint: setup
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m codespell_lib
	$(RUN) -m mypy

format: setup
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

check-env: setup
	$(RUN) tools/check_env.py

bench-%: setup
	$(RUN) tools/benchmark/bench_$(subst -,_,$*).py

clean:
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find mmpose_ext tests tools configs -name __pycache__ -prune -exec rm -rf {} +
