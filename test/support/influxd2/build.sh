#!/usr/bin/env bash
# Builds the influxd of InfluxDB 2 that go.mod names into the folder given, with its library for Flux, which is in Rust.
set -euo pipefail
target="$(realpath "$1")"
cd "$(dirname "$0")"
export GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -mod=readonly"
tools="$(mktemp -d)"
trap 'rm -rf "$tools"' EXIT
# Go asks it where the library is; it builds the library first.
go build -o "$tools/pkg-config" github.com/influxdata/pkg-config
export PKG_CONFIG="$tools/pkg-config" RUSTC_WRAPPER="$PWD/rustc.sh"
# The sources ask for an older compiler by its number; the one that is here does.
if command -v rustup >/dev/null; then RUSTUP_TOOLCHAIN="${RUSTUP_TOOLCHAIN:-$(rustup default | cut -d' ' -f1)}"; export RUSTUP_TOOLCHAIN; fi
export CARGO_PROFILE_RELEASE_LTO=false
version="$(go list -m -f '{{.Version}}' github.com/influxdata/influxdb/v2)"
go build -ldflags "-s -w -X main.version=$version" -o "$target/influxd2" github.com/influxdata/influxdb/v2/cmd/influxd
