# One front door. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
DEMO := build/demo
SITE := build/site
GOLD ?= ../shared/data
STAMP := $(VENV)/.installed
SHELL := /bin/bash

.DEFAULT_GOAL := help
.PHONY: help demo site airflow flink flink-stop test-servers tools test check bench bench-peer bench-crawl bench-quality quality-floors \
	bench-duplicates bench-personal bench-names duplicate-floors scale lock language-model detection-model block-model clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(STAMP): requirements.lock pyproject.toml
	@echo "setting up $(VENV) …"; start=$$SECONDS; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with make PYTHON=python3.12"; exit 1; }; \
	$(PYTHON) -m venv $(VENV) \
	&& $(BIN)/pip install --quiet --disable-pip-version-check uv \
	&& $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock \
	&& $(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . \
	&& touch $@ && echo "set up in $$((SECONDS - start)) s"

.types: pyproject.toml ## Show type checkers the packages under their import name
	@mkdir -p .types/florilegium && for p in pipelines filters dedup manifests; do \
		ln -sfn ../../$$p .types/florilegium/$$p; done && for f in __init__.py py.typed; do \
		ln -sfn ../../front/$$f .types/florilegium/$$f; done && touch .types

demo: $(STAMP) ## Crawl the demonstration's site, build its corpus and verify it
	$(BIN)/florilegium demo-crawl $(DEMO)/crawl || [ $$? -eq 3 ]
	$(BIN)/florilegium demo-web $(DEMO)/warc
	$(BIN)/florilegium build demo --input $(DEMO)/crawl/warc --input $(DEMO)/warc --out $(DEMO)/corpora || [ $$? -eq 3 ]
	$(BIN)/florilegium verify $(DEMO)/corpora/demo/latest

flink: $(STAMP) ## Install Flink, if need be, and start a cluster on this machine
	$(BIN)/python deploy/flink/local.py start

flink-stop: $(STAMP) ## End the processes that `make flink` started
	$(BIN)/python deploy/flink/local.py stop

test-servers: $(STAMP) ## Install what the tests of stores and engines run against, where that can be had
	-[ -x build/tools/versitygw ] || { command -v go >/dev/null && \
		GOBIN=$(CURDIR)/build/tools go install github.com/versity/versitygw/cmd/versitygw@v1.8.0; }
	-$(BIN)/python deploy/flink/local.py install

build/exports/.installed: tests/export-tools-requirements.txt $(STAMP)
	$(BIN)/python -m venv --clear build/exports \
	&& $(UV) pip install --quiet --python build/exports/bin/python --require-hashes -r $< && touch $@

build/readers/.installed: docs/tools-requirements.txt $(STAMP)
	@echo "installing other tools …"; start=$$SECONDS; \
	$(PYTHON) -m venv --clear build/readers \
	&& $(UV) pip install --quiet --python build/readers/bin/python --require-hashes -r $< \
	&& $(UV) pip install --quiet --python build/readers/bin/python --no-deps --no-build-isolation -e . \
	&& touch $@ && echo "installed in $$((SECONDS - start)) s"

build/sphinx/.installed: docs/site-requirements.txt $(STAMP)
	@echo "installing Sphinx …"; start=$$SECONDS; \
	$(PYTHON) -m venv --clear build/sphinx \
	&& $(UV) pip install --quiet --python build/sphinx/bin/python --require-hashes -r $< \
	&& touch $@ && echo "installed in $$((SECONDS - start)) s"

site: build/sphinx/.installed .types ## Write the documentation as a site, build/site; a warning is an error
	rm -rf $(SITE)
	PYTHONPATH=.types build/sphinx/bin/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going \
		--nitpicky --conf-dir docs --doctree-dir build/sphinx/doctrees . $(SITE)
	@echo "open $(SITE)/index.html"

build/airflow/.installed: deploy/airflow/requirements.txt $(STAMP)
	$(PYTHON) -m venv --clear build/airflow \
	&& $(UV) pip install --quiet --python build/airflow/bin/python --require-hashes -r $< && touch $@

airflow: build/airflow/.installed ## Install Airflow, which tests run its DAG with

tools: build/readers/.installed build/exports/.installed build/sphinx/.installed ## Install the tools that the tests of releases and of the site need

test: $(STAMP) ## Run all tests
	@echo "running the tests …"; start=$$SECONDS; \
	$(BIN)/python -m pytest -n auto --dist loadfile $(PYTEST_ARGS) && echo "tests passed in $$((SECONDS - start)) s"

check: $(STAMP) .types ## Run linters and the type checker
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: $(STAMP) ## Measure speed and memory, side by side with the peer where it is installed
	$(BIN)/python bench/speed.py

bench-peer: $(STAMP) ## Install the peer (datatrove) in its own environment and measure both
	$(PYTHON) -m venv build/peer && build/peer/bin/pip install --quiet uv \
	&& build/peer/bin/uv pip install --quiet --python build/peer/bin/python \
		--no-deps -r bench/peer-requirements.txt
	$(BIN)/python bench/speed.py
	$(BIN)/python bench/duplicates_peer.py

build/crawl-peer/.installed: bench/crawl-requirements.txt $(STAMP)
	$(PYTHON) -m venv --clear build/crawl-peer \
	&& $(UV) pip install --quiet --python build/crawl-peer/bin/python -r $< && touch $@

bench-crawl: $(STAMP) build/crawl-peer/.installed ## Measure the crawler beside Scrapy, on a web of 200 hosts on loopback
	$(BIN)/python bench/crawl.py

bench-duplicates: $(STAMP) ## Measure near duplicates: quality and speed, odd shapes, a million documents
	$(BIN)/python bench/duplicates.py
	$(BIN)/python bench/duplicates_scale.py shapes
	$(BIN)/python bench/duplicates_scale.py million

duplicate-floors: $(STAMP) ## Hold the floors of near duplicates that take under a minute
	$(BIN)/python bench/duplicates.py --documents 1500

build/personal/texts.parquet: $(STAMP)
	$(BIN)/python bench/personal_texts.py --out $@ $(GOLD)/warc/sample-*.warc.gz

bench-personal: build/personal/texts.parquet ## Measure personal data: planted, real, speed, texts made to stall; GOLD=folder
	$(BIN)/python bench/personal_planted.py --held-out
	$(BIN)/python bench/personal_alarms.py $<
	$(BIN)/python bench/personal_speed.py $<

build/names/.installed: bench/names-requirements.txt $(STAMP)
	$(PYTHON) -m venv --clear build/names \
	&& $(UV) pip install --quiet --python build/names/bin/python $$(grep -E '^(spacy|pyarrow)' $<) \
	&& $(UV) pip install --quiet --python build/names/bin/python --no-deps $$(grep -E '^(en|fr)-' $<) \
	&& touch $@

bench-names: build/names/.installed build/personal/texts.parquet ## Estimate how many names of people masking leaves
	build/names/bin/python bench/personal_names.py build/personal/texts.parquet

build/quality/.installed: bench/quality-requirements.txt $(STAMP)
	$(BIN)/python -m venv --clear build/quality \
	&& $(UV) pip install --quiet --python build/quality/bin/python --require-hashes -r $< && touch $@

bench-quality: $(STAMP) build/quality/.installed ## Measure extraction side by side with others; GOLD=folder
	$(BIN)/python bench/extraction_quality.py --gold $(GOLD) $(BENCH_ARGS)

quality-floors: $(STAMP) ## Hold measured quality against the floors of bench/baseline.json
	$(BIN)/python bench/quality_floors.py --data $(GOLD)

scale: $(STAMP) ## Measure what builds cost, for florilegium plan and docs/scale.md
	$(BIN)/python bench/scale.py
	$(BIN)/python docs/generate.py

language-model: $(STAMP) ## Train the language model from packages, and from the folder DATA if given
	$(BIN)/python bench/train_language.py --packages build/language $(if $(DATA),--data $(DATA)) --out filters

detection-model: $(STAMP) ## Train the model that tells old encodings from the lines of TEXTS (bench/train_detection.py)
	$(BIN)/python bench/train_detection.py --texts $(TEXTS)

block-model: $(STAMP) ## Train the block classifier from the folder DATA, in an environment of its own
	$(PYTHON) -m venv build/train && $(UV) pip install --quiet --python build/train/bin/python \
		--require-hashes -r requirements.lock \
	&& $(UV) pip install --quiet --python build/train/bin/python -r bench/train-requirements.txt \
	&& $(UV) pip install --quiet --python build/train/bin/python --no-deps --no-build-isolation -e .
	build/train/bin/python bench/train_blocks.py --data $(DATA) --out pipelines

lock: $(STAMP) ## Pin all dependencies anew
	$(UV) pip compile pyproject.toml --extra gcp --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file requirements.lock
	$(UV) pip compile docs/tools-requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file docs/tools-requirements.txt
	$(UV) pip compile docs/site-requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file docs/site-requirements.txt

clean: ## Remove everything that was made
	rm -rf $(VENV) .types build *.egg-info
