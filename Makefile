# SPDX-License-Identifier: Apache-2.0
# The commands of the project. Everything they need is installed or built by them; what takes long
# to build is kept in $TELLTALE_CACHE (~/.cache/telltale), outside the tree.
PYTHON := /usr/bin/python3
BUILD_PACKAGES := cmake/packages.txt tests/cluster/packages.txt
PACKAGES := $(BUILD_PACKAGES) tests/packages.txt

.DEFAULT_GOAL := help
.PHONY: help deps build unit lint demo demo-env demo-down test coverage model fuzz bench deb release clean images generate format

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

deps: ## installs the Debian packages of the build and of all tests that are missing
	@tests/install.sh $(PACKAGES)

build: deps ## our programs and all C++ tests, in build/dev (-Werror, ccache)
	@cmake --preset dev >/dev/null && cmake --build --preset dev

ifdef T
unit: deps
	@cmake --preset dev >/dev/null && cmake --build build/dev --target $(T)
	@build/dev/bin/$(T) --gtest_filter='$(or $(F),*)'
else
unit: build ## the C++ tests of build/dev; T=NAME builds and runs one program, F=PATTERN some of its tests
	@ctest --test-dir build/dev -j "$$(nproc)" --output-on-failure
endif

lint: deps ## layers, formatting, headers, scripts, pages; its first run builds Kubernetes and helm
	@$(PYTHON) tests/run.py lint

demo: ## a real cluster, the chart, an example, and what Prometheus and the log store then hold
	@tests/install.sh $(BUILD_PACKAGES)
	@$(PYTHON) tests/e2e/demo.py up

demo-env: ## exports for a shell: eval "$(make -s demo-env)"
	@$(PYTHON) tests/e2e/demo.py env

demo-down: ## removes the demo's cluster without a trace, and says what else the demo put on the machine
	@$(PYTHON) tests/e2e/demo.py down

test: ## everything; the last line counts
	@tests/install.sh $(PACKAGES)
	@$(PYTHON) tests/run.py

coverage: deps ## which lines the C++ tests run, by folder; T=NAME of one test program
	@$(PYTHON) tests/coverage_by_folder.py $(T)

model: ## the shipping protocol, checked by Spin; under a minute
	@tests/install.sh tests/packages.txt
	@tests/model/model.py

fuzz: ## every fuzz program for ten minutes; what it finds is kept in $TELLTALE_CACHE/corpus
	@cmake --preset fuzz >/dev/null && cmake --build --preset fuzz
	@TELLTALE_FUZZ_SECONDS=$${TELLTALE_FUZZ_SECONDS:-600} $(PYTHON) -m pytest -q tests/fuzz

bench: ## metrics, the log path, and the operator at 50,000 pods, beside their peers
	@tests/install.sh $(PACKAGES)
	@tests/bench/metrics_cost.py
	@tests/bench/log_path.py
	@tests/bench/operator_scale.py

deb: ## the sidecar as a Debian package for machines without Kubernetes, in build/release/packages
	@tests/install.sh $(BUILD_PACKAGES)
	@cmake --preset release >/dev/null && cmake --build --preset release --target telltale-sidecar
	@cd build/release && cpack >/dev/null && ls packages/*.deb

release: ## dist/release: images of both architectures, chart, SBOMs, checksums; the operator only for this machine
	@tests/install.sh $(PACKAGES)
	@test -z "$$(git status --porcelain)" || { echo "commit first: a release is of one commit" >&2; exit 1; }
	@cmake --preset release -DTELLTALE_REVISION="$$(git rev-parse --short=10 HEAD)" >/dev/null && cmake --build --preset release
	@cmake --preset arm64 -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG" >/dev/null && cmake --build build/arm64 --target telltale-sidecar
	@rm -rf dist/release
	@TELLTALE_REVISION="$$(git rev-parse HEAD)" images/assemble.py --out dist/release --bin "$$(dpkg --print-architecture)=build/release/bin" --bin arm64=build/arm64/bin

clean: ## removes what was built in the tree: build/ and dist/; $TELLTALE_CACHE stays
	@rm -rf build dist

images: ## our two images and the sample app's as OCI archives in dist/
	@tests/install.sh $(BUILD_PACKAGES)
	@cmake --preset release >/dev/null && cmake --build --preset release
	@$(PYTHON) images/build.py --out dist telltale-operator telltale-sidecar shop

generate: ## crds/ into the chart and manifests/install.yaml, dashboards, and the pages of docs/reference
	@$(PYTHON) helm/dashboards/generate.py
	@$(PYTHON) manifests/generate.py
	@cmake --preset dev >/dev/null && cmake --build build/dev --target telltale-operator telltale-sidecar
	@$(PYTHON) docs/generate.py

format: ## our C++ in the project's style
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i
