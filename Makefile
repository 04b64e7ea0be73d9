# The whole set-up is here: `make demo` and `make test` work on a fresh Debian 12 with Rust, a C compiler, make,
# Python and npm. One Cargo profile for all, so that nothing compiles twice.

CARGO_TARGET_DIR ?= target
# Absolute, because build scripts run in folders of their own.
override CARGO_TARGET_DIR := $(if $(filter /%,$(firstword $(CARGO_TARGET_DIR))),,$(CURDIR)/)$(CARGO_TARGET_DIR)
export CARGO_TARGET_DIR
DUCKDB := $(CARGO_TARGET_DIR)/duckdb
TORCOLLECT := $(CARGO_TARGET_DIR)/release/torcollect

# Link the prebuilt DuckDB where there is one; compile it (feature `bundled`) where there is none.
cargo = if [ -f "$(DUCKDB)/libduckdb.so" ]; then \
	DUCKDB_LIB_DIR="$(DUCKDB)" cargo $(1) --release --no-default-features $(2); else cargo $(1) --release $(2); fi

.PHONY: demo test build bench-sample bench-collect bench-weight bench-build bench-events bench-import screenshots lint doc setup setup-tests clean help

help: ## these lines
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST)

demo: build ## build the sample site and say where it is
	"$(TORCOLLECT)" collect
	"$(TORCOLLECT)" build
	@echo "$(CURDIR)/public/index.html"

test: setup setup-tests ## all tests, against real sshd and tor
	$(call cargo,test,)

build: setup ## the binary
	$(call cargo,build,)

bench-sample: build ## time collect and build of the sample
	scripts/bench-sample "$(TORCOLLECT)"

bench-collect: build ## time a collection from 200 servers against other ways to do it (as root, half an hour)
	@scripts/install-packages openssh-server openssh-client
	@python3 -c "import ensurepip" 2>/dev/null || scripts/install-packages python3-venv
	$(call cargo,build,--example bench_collect)
	scripts/bench-collect "$(TORCOLLECT)" "$(CARGO_TARGET_DIR)/release/examples/bench_collect" \
		"$(CARGO_TARGET_DIR)/bench-venv"

bench-weight: build ## weigh pages, the worst case and the sample's, and what pygal made of the same rows
	@python3 -c "import ensurepip" 2>/dev/null || scripts/install-packages python3-venv
	$(call cargo,build,--example bench_weight)
	scripts/bench-weight "$(TORCOLLECT)" "$(CARGO_TARGET_DIR)/release/examples/bench_weight" "$(CARGO_TARGET_DIR)/bench-venv"

bench-build: build ## ten years of daily reports, and what Hugo and Eleventy need for the same pages (ten minutes)
	@scripts/install-packages hugo nodejs
	@scripts/install-npm-packages bench/eleventy "$(CARGO_TARGET_DIR)/eleventy"
	$(call cargo,build,--example bench_build)
	scripts/bench-build "$(TORCOLLECT)" "$(CARGO_TARGET_DIR)/release/examples/bench_build" "$(CARGO_TARGET_DIR)/eleventy"

bench-events: build ## how well sudden changes are found: in 200 samples, and in Tor Metrics' series (half an hour)
	$(call cargo,build,--example bench_events)
	"$(CARGO_TARGET_DIR)/release/examples/bench_events" "$(TORCOLLECT)" $(or $(SEEDS),200) \
		"$(or $(TORCOLLECT_SHARED),../shared)/data/tordata/userstats-bridge-country.csv"

bench-import: build ## time reading a month of 2,500 bridges' documents, and stem's (BRIDGES, DAYS, ROUNDS; half an hour)
	@scripts/install-packages xz-utils
	@scripts/install-python-packages tests/stem/requirements.txt "$(CARGO_TARGET_DIR)/stem"
	scripts/bench-import "$(TORCOLLECT)" "$(CARGO_TARGET_DIR)/stem/bin/python" \
		--bridges $(or $(BRIDGES),2500) --days $(or $(DAYS),30) --rounds $(or $(ROUNDS),3)

screenshots: build ## docs/*.png, from the sample
	@scripts/install-packages nodejs chromium fonts-liberation pngquant
	@scripts/install-npm-packages tests/browser "$(CARGO_TARGET_DIR)/browser"
	scripts/screenshots "$(TORCOLLECT)" "$(CARGO_TARGET_DIR)/browser"

lint: setup ## what a change must pass besides its tests
	cargo fmt --check
	$(call cargo,clippy,--all-targets -- -D warnings)

doc: setup ## the library's documentation
	RUSTDOCFLAGS="-D warnings" && export RUSTDOCFLAGS && $(call cargo,doc,--no-deps)

setup:
	@scripts/install-packages libssl-dev pkg-config
	@scripts/fetch-duckdb "$(DUCKDB)" || [ $$? = 3 ]

setup-tests:
	@scripts/install-packages openssh-server tor tor-geoipdb faketime sudo adduser busybox procps systemd \
		dante-server netcat-openbsd nodejs chromium fonts-dejavu-core nginx libnginx-mod-http-brotli-static caddy
	@scripts/install-npm-packages tests/browser "$(CARGO_TARGET_DIR)/browser"
	@scripts/install-python-packages tests/stem/requirements.txt "$(CARGO_TARGET_DIR)/stem"

clean: ## all that was built here
	rm -rf target public public-* .torcollect
