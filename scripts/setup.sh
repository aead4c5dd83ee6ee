# shellcheck shell=bash
# Sourced by bench and test: makes sure that what the build needs is here. On Debian and its relatives the missing
# packages are installed; elsewhere they are named. All messages go to stderr: stdout belongs to the program.
# Callers may set SETUP_NAME, the name that messages begin with.

RUST_NEEDED=95 # the minor of 1.95, Cargo.toml's rust-version

setup_say() { printf '%s: %s\n' "${SETUP_NAME:-setup}" "$*" >&2; }
setup_fail() {
  setup_say "$@"
  exit 2
}

# bindgen needs libclang and clang's own headers, which come with the development package. That one has the
# library under its unversioned name.
setup_has_libclang() {
  [ -n "${LIBCLANG_PATH:-}" ] && return
  local pattern
  for pattern in '/usr/lib/llvm*/lib/libclang.so' '/usr/lib/*/libclang.so' '/usr/lib64/libclang.so' \
    '/usr/lib64/llvm*/lib*/libclang.so' '/usr/lib/libclang.so' '/usr/local/lib/libclang.so' \
    '/usr/lib/*/libclang-[0-9][0-9].so' '/usr/local/llvm*/lib/libclang.so' \
    '/Library/Developer/CommandLineTools/usr/lib/libclang.dylib' \
    '/Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib/libclang.dylib' \
    '/opt/homebrew/opt/llvm/lib/libclang.dylib' '/usr/local/opt/llvm/lib/libclang.dylib'; do
    compgen -G "$pattern" >/dev/null && return
  done
  # Where a distribution keeps it elsewhere (NixOS, a private LLVM), the tool knows.
  command -v llvm-config >/dev/null && compgen -G "$(llvm-config --libdir)/libclang.*" >/dev/null
}

# Whether this user can become root: with a password only where there is somebody to type it.
setup_can_be_root() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 2 ]; }; }
}

setup_as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs Debian packages; fails where that is impossible.
setup_apt_install() {
  command -v apt-get >/dev/null && setup_can_be_root || return 1
  setup_say "installing $* (apt-get)"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  if [ -z "${SETUP_APT_UPDATED:-}" ]; then
    setup_as_root "${apt[@]}" update >&2 || return 1
    SETUP_APT_UPDATED=1
  fi
  setup_as_root "${apt[@]}" -o Dpkg::Use-Pty=0 install --no-install-recommends -y "$@" </dev/null >/dev/null || return 1
}

setup_packages() {
  local missing=()
  command -v c++ >/dev/null || missing+=(g++)
  command -v make >/dev/null || missing+=(make)
  command -v cmake >/dev/null || missing+=(cmake)
  setup_has_libclang || missing+=(libclang-dev)
  [ "${#missing[@]}" = 0 ] && return
  setup_apt_install "${missing[@]}" && return
  setup_fail "missing for the build: ${missing[*]} (Debian's names). Install, as root:
  Debian, Ubuntu   apt-get install --no-install-recommends g++ make cmake libclang-dev
  Fedora           dnf install gcc-c++ make cmake clang-devel
  Arch             pacman -S --needed gcc make cmake clang
  macOS            xcode-select --install; brew install cmake llvm
libclang in an unusual place: set LIBCLANG_PATH to its folder."
}

setup_rust() {
  local advice="install Rust 1.$RUST_NEEDED or newer with rustup (https://rustup.rs)" version minor
  if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  fi
  command -v cargo >/dev/null || setup_fail "cargo is missing: $advice"
  command -v rustc >/dev/null || setup_fail "rustc is missing: $advice"
  version=$(rustc --version) || setup_fail "rustc does not run: $advice"
  [[ $version =~ ^rustc\ ([0-9]+)\.([0-9]+) ]] || setup_fail "cannot read the version in '$version': $advice"
  minor=${BASH_REMATCH[2]}
  if [ "${BASH_REMATCH[1]}" = 1 ] && [ "$minor" -lt "$RUST_NEEDED" ]; then
    setup_fail "Rust 1.$minor is too old: $advice; with rustup in place: rustup update stable"
  fi
}

# Puts in what only the tests need; asks rustup for a component only when it is missing.
setup_component() {
  cargo "$1" --version >/dev/null 2>&1 && return
  local component=$1
  [ "$1" = fmt ] && component=rustfmt
  setup_say "installing $component (rustup)"
  rustup component add "$component" >&2 || setup_fail "cannot add $component: add it with rustup, or with the package manager that Rust came from"
}

setup_rust
setup_packages
