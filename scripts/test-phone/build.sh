#!/usr/bin/env bash
# Makes the root folder of the test phone, once per machine: Debian's own adbd and busybox for arm64, and the
# emulator that runs them. Nothing is installed on this machine but a cross compiler; apt runs with a state of its own.
#
#   scripts/test-phone/build.sh CACHE_FOLDER     prints the root's path
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${1:?the cache folder is missing}

say() { printf 'test-phone: %s\n' "$*" >&2; }
fail() {
  say "$@"
  exit 2
}

# adbd is in trixie and later only; qemu is bookworm's, because newer ones make up a /proc/cpuinfo of their own.
adbd_suite=trixie qemu_suite=bookworm

# What the root is made of: another recipe makes another root.
recipe=$(cat "${BASH_SOURCE[0]}" "$here/propshim.cc" | sha256sum | cut -c1-12)
root=$cache/root-$recipe

# The Debian archive that this machine uses; its address is never printed.
debian_mirror() {
  local found
  found=$(apt-get indextargets --format "\$(LABEL) \$(REPO_URI)" 'Created-By: Packages' 2>/dev/null |
    awk '$1 == "Debian" { print $2; exit }' || true)
  [ -n "$found" ] || found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    grep -oE '[a-z]+://[^ ]*/debian/?( |$)' | head -1 || true)
  printf '%s' "${found% }"
}

# The settings of an apt that knows nothing of this machine's packages, without the clean-up hooks of container
# images, which would delete what was downloaded.
write_apt_state() {
  local mirror
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || fail "no Debian archive in this machine's apt sources"
  mkdir -p apt/lists/partial apt/cache/archives/partial debs
  : >apt/status
  printf 'deb [arch=arm64] %s %s main\ndeb [arch=amd64] %s %s main\n' \
    "$mirror" "$adbd_suite" "$mirror" "$qemu_suite" >apt/sources.list
  cat >apt/apt.conf <<CONF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
Dir::Etc::SourceList "$PWD/apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "$PWD/apt/lists";
Dir::State::status "$PWD/apt/status";
Dir::State::extended_states "$PWD/apt/extended_states";
Dir::Cache "$PWD/apt/cache";
Dir::Cache::Archives "$PWD/apt/cache/archives";
APT::Architecture "arm64";
APT::Architectures { "arm64"; "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Retries "3";
CONF
}

download() {
  local apt=(apt-get -qq -c "$PWD/apt/apt.conf")
  "${apt[@]}" update
  "${apt[@]}" -y install --download-only adbd busybox-static >/dev/null
  mv apt/cache/archives/*.deb debs/
  (cd debs && "${apt[@]}" download "qemu-user-static:amd64" >/dev/null)
}

unpack() {
  local deb dir
  mkdir -p root/usr/{bin,sbin,lib,lib64} root/{dev,proc,sys,tmp,system,phone,etc} root/data/{local/tmp,misc/adb,tombstones}
  for dir in bin sbin lib lib64; do ln -s "usr/$dir" "root/$dir"; done
  for deb in debs/*.deb; do
    case $deb in
      */qemu-user-static_*)
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C . ./usr/bin/qemu-aarch64-static
        mv usr/bin/qemu-aarch64-static .
        ;;
      *) dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C root ;;
    esac
  done
  ln -s ../usr/bin root/system/bin
  ln -s /phone/build.prop root/system/build.prop
  printf 'root:x:0:0:root:/data/local/tmp:/bin/sh\nshell:x:2000:2000:shell:/data/local/tmp:/bin/sh\n' >root/etc/passwd
  printf 'root:x:0:\nshell:x:2000:\n' >root/etc/group
  # Busybox's shell takes its own applets before any program: its svc (of runit) would stand in for Android's.
  LC_ALL=C sed -i 's/\x00svc\x00/\x00svb\x00/' root/usr/bin/busybox
  # The applets' links, without running an arm64 program: busybox holds the list, and this machine may have none.
  "$PWD/qemu-aarch64-static" root/usr/bin/busybox --list-full >applets
  local applet
  while read -r applet; do
    [ -e "root/usr/bin/${applet##*/}" ] || ln -s busybox "root/usr/bin/${applet##*/}"
  done <applets
  rm -rf root/usr/share/{doc,man,locale,lintian}
}

compile_shim() {
  if ! command -v aarch64-linux-gnu-g++ >/dev/null; then
    # shellcheck source=scripts/setup.sh
    SETUP_NAME=test-phone . "$here/../setup.sh"
    setup_apt_install g++-aarch64-linux-gnu || fail "needs the package g++-aarch64-linux-gnu"
  fi
  aarch64-linux-gnu-g++ -O2 -Wall -Wextra -shared -fPIC -o root/usr/lib/propshim.so "$here/propshim.cc"
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -d "$root" ]; then
  say "building the test phone, once: about 80 MB of packages"
  work=$cache/work.$$
  rm -rf "$cache"/work.*
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work"
  cd "$work"
  write_apt_state
  download
  unpack
  compile_shim
  mv qemu-aarch64-static root/usr/qemu-aarch64-static
  mv root "$root"
fi
printf '%s\n' "$root"
