#!/usr/bin/env bash
# Makes sure that this machine can build for phones: Rust's aarch64 Linux target and a cross compiler. On Debian and
# its relatives what is missing is installed; elsewhere it is named.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
SETUP_NAME=agent
# shellcheck source=scripts/setup.sh
. scripts/setup.sh

target=aarch64-unknown-linux-gnu
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; then
  setup_say "adding Rust's target $target (rustup)"
  rustup target add $target >&2 ||
    setup_fail "cannot add Rust's target $target: add it with rustup, or with the package manager that Rust came from"
fi
if ! command -v aarch64-linux-gnu-g++ >/dev/null; then
  setup_apt_install g++-aarch64-linux-gnu ||
    setup_fail "missing for phones: aarch64-linux-gnu-g++ (Debian and Ubuntu: the package g++-aarch64-linux-gnu)"
fi
