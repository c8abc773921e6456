# SPDX-License-Identifier: Apache-2.0
# The commands of the project. Everything they need is installed or built by them; what takes long
# to build is kept in $TELLTALE_CACHE (~/.cache/telltale), outside the tree.
PYTHON := /usr/bin/python3
BUILD_PACKAGES := cmake/packages.txt tests/cluster/packages.txt

.PHONY: demo demo-env demo-down test model fuzz bench images generate format

demo: ## a real cluster, the chart, an example, and what Prometheus and Loki then hold
	@tests/install.sh $(BUILD_PACKAGES)
	@$(PYTHON) tests/e2e/demo.py up

demo-env: ## exports for a shell: eval "$(make -s demo-env)"
	@$(PYTHON) tests/e2e/demo.py env

demo-down: ## removes the demo's cluster without a trace
	@$(PYTHON) tests/e2e/demo.py down

test: ## everything; the last line counts
	@tests/install.sh $(BUILD_PACKAGES) tests/packages.txt
	@$(PYTHON) tests/run.py

model: ## the shipping protocol, checked by Spin; under a minute
	@tests/install.sh tests/packages.txt
	@tests/model/model.py

fuzz: ## every fuzz program for ten minutes; what it finds is kept in $TELLTALE_CACHE/corpus
	@cmake --preset fuzz >/dev/null && cmake --build --preset fuzz
	@TELLTALE_FUZZ_SECONDS=$${TELLTALE_FUZZ_SECONDS:-600} $(PYTHON) -m pytest -q tests/fuzz

bench: ## the operator at 50,000 pods and the log path, beside their peers; about fifteen minutes
	@tests/install.sh $(BUILD_PACKAGES) tests/packages.txt
	@tests/bench/log_path.py
	@tests/bench/operator_scale.py

images: ## our two images and the sample app's as OCI archives in dist/
	@tests/install.sh $(BUILD_PACKAGES)
	@cmake --preset release >/dev/null && cmake --build --preset release
	@$(PYTHON) images/build.py --out dist telltale-operator telltale-sidecar shop

generate: ## crds/ into the chart and manifests/install.yaml
	@$(PYTHON) manifests/generate.py

format: ## our C++ in the project's style
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i
