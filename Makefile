# `make run` and `make test` need Rust, gcc and make; the rest they install (scripts/setup).

BENCHES = accounts cameras chat encode filter fanout tls link rtsp page pages files segments package works hostile

.PHONY: run build player test check yanked audit bench soak vm help

help:
	@echo "make run [ARGS=\"9000 --source clip.mjpeg\"]   build and start it"
	@echo "make build    the release binary, target/release/livestream"
	@echo "make player ARGS=\"rtsp://HOST:8554/live\"   build and start the player's window"
	@echo "make test     install what the tests need, and run all of them"
	@echo "make check    fmt, clippy and doc, warnings as errors"
	@echo "make yanked   is no crate of the server withdrawn?"
	@echo "make audit    has no crate a known fault? (needs GitHub)"
	@echo "make bench    what formats, frames, viewers, open pages and hostile neighbours cost; plots to docs/"
	@echo "make soak     ten minutes of rough use: is it the same afterwards?"
	@echo "make vm       the binary on V4L2 cameras of a real kernel, in a virtual machine"

run: build
	exec target/release/livestream $(ARGS)

build:
	scripts/setup build
	cargo build --release --locked -p livestream

player:
	scripts/setup player
	cargo build --release --locked -p livestream-player
	exec target/release/livestream-player $(ARGS)

# One more at once than there are cores: they wait for browsers, cameras and periods of the server's.
test:
	scripts/setup test
	RUST_TEST_THREADS=$$(($$(nproc) + 1)) cargo test --locked --no-fail-fast --workspace --lib --bins --tests

# The last line: together the server and the player ask more of some crates than the server alone,
# which must not come to need that.
check:
	scripts/setup build
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
	cargo check --locked -p livestream

# Crates of the server that were withdrawn after they were locked: only `cargo package` tells.
yanked:
	@said=$$(cargo package --locked -p livestream --no-verify --allow-dirty 2>&1) || \
		{ echo "$$said" >&2; exit 1; }; ! echo "$$said" | grep yanked >&2

# Known faults of crates, but for the one that SECURITY.md names. The database of RustSec is a repository on GitHub.
audit:
	cargo install --locked cargo-audit
	cargo audit --ignore RUSTSEC-2023-0071

# With PARENT=PATH the program as it was before is measured beside it.
bench:
	scripts/setup build
	@failed=""; for bench in $(BENCHES); do \
		cargo bench --locked --bench $$bench || failed="$$failed $$bench"; \
	done; test -z "$$failed" || { echo "not as promised:$$failed"; exit 1; }

soak:
	scripts/setup build
	cargo bench --locked --bench soak

vm: build
	tests/vm/run.sh target/release/livestream
