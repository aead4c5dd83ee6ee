#!/usr/bin/env bash
# A phone for tests: Debian's own adbd for arm64, run by qemu in namespaces of its own, dressed as a Galaxy S24.
# It proves the path that data take, not speed.
#
#   scripts/test-phone.sh start [NAME] [--port N] [--dress s24] [--disk 2G] [--cpu max] [--cable]
#   scripts/test-phone.sh stop [NAME]        one phone; without a name all of them, and nothing is left
#   scripts/test-phone.sh restart NAME       as after its power button; files stay
#   scripts/test-phone.sh off|on NAME        its battery is empty, and charged again
#   scripts/test-phone.sh exec COMMAND...    a command beside the phones: it finds their adb server at port 5037
#   scripts/test-phone.sh adb ARGUMENTS...   the same, for adb
#   scripts/test-phone.sh freeze|thaw|unplug NAME    STOP, CONT, KILL of the phone's adbd (which comes back)
#   scripts/test-phone.sh kill NAME PROGRAM  KILL of a program on the phone, by how its name begins
#   scripts/test-phone.sh connect NAME       at once, where the adb server would take ten seconds to see it again
#   scripts/test-phone.sh unauthorize|authorize NAME the phone refuses this computer's key, and takes it again
#   scripts/test-phone.sh offline NAME       the phone is frozen and the adb server lists it as offline (thaw, connect)
#   scripts/test-phone.sh info NAME          pid, serial, and the folders of its planted files and its disk
#   scripts/test-phone.sh lab                a lab for phones until stdin ends (for test programs)
#   scripts/test-phone.sh build              only makes the phone's root folder
#   scripts/test-phone.sh check              whether it can run here; says why not
#
# NAME is s24 by default. --cable: its serial is no network address, as that of a phone on a cable is none.
# TEST_PHONE_CACHE: where the root is kept (target/test-phone). TEST_PHONE_LAB: the folder
# of the phones that belong together, one network and one adb server (a folder in the cache).
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
parts=$project/scripts/test-phone
cache=${TEST_PHONE_CACHE:-$project/target/test-phone}
lab=${TEST_PHONE_LAB:-$cache/lab}
# shellcheck source=scripts/test-phone/lab.sh
. "$parts/lab.sh"

say() { printf 'test-phone: %s\n' "$*" >&2; }
fail() {
  say "$@"
  exit 2
}

check() {
  local why='' tool
  if [ "$(uname -s)" != Linux ] || ! grep -qE '^ID(_LIKE)?=.*debian' /etc/os-release 2>/dev/null; then
    why="needs Debian (its packages of adbd)"
  elif [ "$(uname -m)" != x86_64 ]; then
    why="needs an x86-64 machine (the emulator's package)"
  elif [ "$(id -u)" != 0 ]; then
    why="needs root (namespaces, chroot)"
  elif ! unshare --net --mount --pid --fork true 2>/dev/null; then
    why="this machine allows no namespaces"
  elif ! "$parts/binfmt.sh" check; then
    why="this kernel has no binfmt_misc, which runs arm64 programs"
  fi
  for tool in apt-get dpkg-deb nsenter setpriv; do
    [ -n "$why" ] || command -v "$tool" >/dev/null || why="needs $tool"
  done
  [ -z "$why" ] || fail "cannot run here: $why"
}

# What the phones need from this machine beside their root.
install_tools() {
  local missing=()
  command -v adb >/dev/null || missing+=(adb)
  command -v ip >/dev/null || missing+=(iproute2)
  [ ${#missing[@]} = 0 ] && return
  # shellcheck source=scripts/setup.sh
  SETUP_NAME=test-phone . "$project/scripts/setup.sh"
  setup_apt_install "${missing[@]}" || fail "cannot install ${missing[*]}"
}

prepare() {
  check
  install_tools
  root=$("$parts/build.sh" "$cache")
  "$parts/binfmt.sh" "$root/usr/qemu-aarch64-static"
}

# Signals a program on a phone, by how its name begins: every process of that name in the phone's process namespace.
signal_program() {
  local phone=$lab/$2 wanted ns pid name found=''
  [ -f "$phone/pid" ] || fail "there is no phone '$2' (see start)"
  wanted=$(readlink "/proc/$(<"$phone/pid")/ns/pid")
  for ns in /proc/[0-9]*/ns/pid; do
    [ "$(readlink "$ns" 2>/dev/null)" = "$wanted" ] || continue
    pid=${ns#/proc/} pid=${pid%%/*}
    name=$(cat "/proc/$pid/comm" 2>/dev/null || true)
    # The kernel keeps 15 characters of a name; an agent's goes on with its hash.
    if [[ $name == "${3:0:15}"* ]]; then kill "-$1" "$pid" 2>/dev/null && found=1; fi
  done
  [ -n "$found" ] || fail "no program '$3' runs on '$2'"
}

start_options() {
  name=s24 port='' dress=s24 disk=2G cpu=max cable=''
  while [ $# -gt 0 ]; do
    case $1 in
      --port) port=${2:?} ;;
      --dress) dress=${2:?} ;;
      --disk) disk=${2:?} ;;
      --cpu) cpu=${2:?} ;;
      --cable) cable=1 && set -- "" "$@" ;;
      -*) fail "'$1' is not an option of start" ;;
      *) name=$1 && set -- "" "$@" ;;
    esac
    shift 2
  done
  [[ $name =~ ^[A-Za-z0-9_-]+$ ]] || fail "'$name' is no name for a phone: letters, digits, - and _ only"
  [ -f "$parts/dress/$dress.sh" ] || fail "there is no dress '$dress' in scripts/test-phone/dress"
}

command=${1-help}
[ $# = 0 ] || shift
case $command in
  build) check && install_tools && "$parts/build.sh" "$cache" ;;
  check) check ;;
  lab) prepare && lab_run ;;
  start)
    start_options "$@"
    prepare
    lab_alive || lab_start
    phone_start "$name" "$port" "$dress" "$disk" "$cpu" "$cable"
    ;;
  stop) if [ $# = 0 ]; then lab_stop; else phone_stop "$1" && rm -rf "${lab:?}/$1"; fi ;;
  restart) phone_stop "${1:?NAME is missing}" && phone_boot "$1" ;;
  off) phone_stop "${1:?NAME is missing}" ;;
  on) phone_boot "${1:?NAME is missing}" ;;
  exec) lab_enter --net -- "$@" ;;
  adb) lab_adb "$@" ;;
  connect) phone_connect "${1:?NAME is missing}" || fail "no answer from the phone's adbd" ;;
  freeze) signal_program STOP "${1:?NAME is missing}" adbd ;;
  thaw) signal_program CONT "${1:?NAME is missing}" adbd ;;
  unplug) signal_program KILL "${1:?NAME is missing}" adbd ;;
  unauthorize) phone_secure "${1:?NAME is missing}" 1 && phone_reconnect "$1" unauthorized ;;
  authorize) phone_secure "${1:?NAME is missing}" 0 && phone_connect "$1" ;;
  offline) signal_program STOP "${1:?NAME is missing}" adbd && phone_reconnect "$1" offline ;;
  kill) signal_program KILL "${1:?NAME is missing}" "${2:?PROGRAM is missing}" ;;
  info) phone_info "${1:-s24}" ;;
  help | --help | -h) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" ;;
  *) fail "'$command' is not a command (see --help)" ;;
esac
