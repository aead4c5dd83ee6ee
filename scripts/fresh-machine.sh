#!/usr/bin/env bash
# Proves that the project runs on a machine that has nothing but Rust: makes a minimal Debian in a temporary
# folder, puts the Rust toolchain and the committed project into it, and times `./bench sweep --device local
# --quick` there, from nothing to the first row and to the end.
#
#   scripts/fresh-machine.sh [--setup-only] [--full] [--keep]
#
#   --setup-only  stop after the build tools are installed and the crates downloaded; nothing is compiled
#   --full        run the whole default study, not the quick one
#   --keep        leave the folder for inspection (its path is printed)
#
# Needs root, debootstrap, and the network that the host uses. The mirror is the host's own; MIRROR overrides it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

suite=bookworm setup_only='' keep='' study=(--quick)
for arg in "$@"; do
  case $arg in
    --setup-only) setup_only=1 ;;
    --full) study=() ;;
    --keep) keep=1 ;;
    *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
  esac
done

fail() {
  echo "fresh-machine: $*" >&2
  exit 2
}
[ "$(id -u)" = 0 ] || fail "needs root"
command -v debootstrap >/dev/null || fail "needs debootstrap"

# The Debian archive that this host uses; its address is never printed.
host_mirror() {
  local found
  found=$(apt-get indextargets --format "\$(LABEL) \$(REPO_URI)" 'Created-By: Packages' 2>/dev/null |
    awk '$1 == "Debian" { print $2; exit }' || true)
  [ -n "$found" ] || found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    grep -oE '[a-z]+://[^ ]*/debian/?( |$)' | head -1 || true)
  printf '%s' "${found% }"
}
mirror=${MIRROR:-$(host_mirror)}
[ -n "$mirror" ] || fail "no Debian mirror in this host's apt sources: set MIRROR"

work=$(mktemp -d "${TMPDIR:-/tmp}/fresh-machine.XXXXXX")
root=$work/root
# shellcheck disable=SC2317,SC2329 # reached through the trap
cleanup() {
  local dir
  for dir in dev/shm dev sys proc; do
    if mountpoint -q "$root/$dir" && ! umount "$root/$dir"; then
      echo "fresh-machine: cannot unmount $root/$dir; left in place" >&2
      return
    fi
  done
  if [ -n "$keep" ]; then echo "kept: $root" >&2; else rm -rf --one-file-system "$work"; fi
}
trap cleanup EXIT

start=$(date +%s.%N)
since() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }'; }
note() { printf '%8.1f s  %s\n' "$(since "$start")" "$*"; }

# A file of the host at the same place in the new machine.
copy_in() {
  mkdir -p "$root$(dirname "$1")"
  cp -L "$1" "$root$1"
}

make_machine() {
  debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    { tail -5 "$work/debootstrap.log" >&2 && fail "debootstrap failed"; }
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  local node
  for node in null zero full random urandom tty; do cp -a "/dev/$node" "$root/dev/"; done
  ln -s /proc/self/fd "$root/dev/fd"
  mkdir "$root/dev/shm" && mount -t tmpfs tmpfs "$root/dev/shm"
}

# What the host needs to reach the network: names, certificates, proxies. Nothing of it is printed.
copy_network() {
  local file name
  for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
    [ ! -f "$file" ] || copy_in "$file"
  done
  for name in "${network_variables[@]}"; do
    [[ ${!name} != /* || ! -f ${!name} ]] || copy_in "${!name}"
  done
  apt-config dump 2>/dev/null | grep -E '^Acquire::(https?::Proxy|https::CaInfo)' >"$root/etc/apt/apt.conf.d/90host" || true
}
mapfile -t network_variables < <(compgen -e | grep -E '^(https?_proxy|HTTPS?_PROXY|all_proxy|ALL_PROXY|no_proxy|NO_PROXY|SSL_CERT_FILE|CURL_CA_BUNDLE|CARGO_(HTTP|NET|SOURCE)_.*|CARGO_REGISTRIES_.*_(INDEX|PROTOCOL))$' || true)

# The toolchain in use, without its documentation, and cargo's settings. The registry is not copied: a new
# machine downloads its crates.
copy_rust() {
  local cargo_home=${CARGO_HOME:-$HOME/.cargo} sysroot file
  sysroot=$(rustc --print sysroot)
  mkdir -p "$root/opt/rust" "$root/root/.cargo"
  tar -C "$sysroot" --exclude=./share --exclude=./lib/rustlib/src -cf - . | tar -C "$root/opt/rust" -xf -
  for file in config config.toml; do
    [ ! -f "$cargo_home/$file" ] || cp -L "$cargo_home/$file" "$root/root/.cargo/$file"
  done
}

copy_project() {
  mkdir "$root/root/project"
  git archive HEAD | tar -C "$root/root/project" -xf -
}

# Runs a command in the new machine with a clean environment.
inside() {
  (
    for name in $(compgen -e); do
      [[ " ${network_variables[*]-} " == *" $name "* ]] || unset "$name" || true
    done
    export HOME=/root PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
    exec /usr/sbin/chroot "$root" /bin/bash -c 'cd /root/project && exec "$@"' inside "$@"
  )
}

# Seconds until a results folder holds its first row.
wait_for_row() {
  local rows
  while sleep 0.1; do
    # Before there is a file, cat fails; that is no failure of the script.
    rows=$(cat "$root"/root/project/results/*-local/trials.csv 2>/dev/null | wc -l || true)
    if [ "$rows" -gt 1 ]; then since "$1" && return; fi
  done
}

make_machine
note "minimal Debian $suite"
copy_network
copy_rust
copy_project
note "Rust and the project at $(git rev-parse --short HEAD) copied: $(inside cargo --version)"

begin=$(date +%s.%N)
if [ -n "$setup_only" ]; then
  inside bash -c '. scripts/setup.sh' >"$work/stdout"
  note "build tools installed in $(since "$begin") s; bytes on stdout: $(wc -c <"$work/stdout")"
  inside bash -c 'c++ --version | head -1; make --version | head -1; cmake --version | head -1; ls /usr/lib/llvm-*/lib/libclang.so'
  begin=$(date +%s%N)
  inside bash -c '. scripts/setup.sh'
  note "second time: $((($(date +%s%N) - begin) / 1000000)) ms"
  inside cargo fetch --quiet --locked
  note "crates downloaded"
  exit
fi

wait_for_row "$begin" >"$work/first-row" &
waiter=$!
status=0
inside ./bench sweep --device local ${study[@]+"${study[@]}"} >"$work/stdout" 2>"$work/stderr" || status=$?
total=$(since "$begin")
sleep 0.3
kill "$waiter" 2>/dev/null || true
note "sweep ended with status $status"
cat "$work/stdout"
[ "$status" -le 1 ] || tail -20 "$work/stderr" >&2
printf '\nfrom nothing to the first row: %s s; to the end: %s s (build tools, crates and engine included)\n' \
  "$(grep . "$work/first-row" || echo -)" "$total"
exit "$status"
