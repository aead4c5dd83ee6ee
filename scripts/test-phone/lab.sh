# shellcheck shell=bash
# Sourced by test-phone.sh. A lab is a network and process namespace in which phones run beside an adb server. No
# mount, network or process of it is visible by a name outside, so when its first process dies, whatever the cause,
# the kernel removes everything. Files: LAB/pid, LAB/supervisor, and a folder LAB/NAME for each phone.
#
# From the caller: say, fail, and
: "${lab:?}" "${parts:?}" "${cache:?}"

lab_alive() { [ -f "$lab/pid" ] && [ -d "/proc/$(<"$lab/pid")" ]; }

# The only child of a process, once it has one.
child_of() {
  local child=''
  for _ in {1..200}; do
    child=$(cat "/proc/$1/task/$1/children" 2>/dev/null || true)
    [ -z "$child" ] || break
    sleep 0.02
  done
  printf '%s' "${child%% *}"
}

# Runs a lab until stdin ends, or for ever with LAB_FOREVER; then everything in it dies.
lab_run() {
  mkdir -p "$lab/home"
  echo $$ >"$lab/supervisor"
  trap lab_end EXIT
  trap 'exit 143' INT TERM HUP
  # Its first process holds the namespaces and reaps. USB phones of this machine are none of its adb server's business.
  # shellcheck disable=SC2016 # for the inner shell
  setpriv --pdeathsig KILL unshare --net --mount --pid --fork --kill-child --propagation private bash -c '
    ip link set lo up
    [ ! -d /dev/bus/usb ] || mount -t tmpfs none /dev/bus/usb
    echo up >"$0/up"
    while :; do sleep 1000 & wait; done' "$lab" </dev/null >/dev/null 2>&1 &
  lab_unshare=$!
  child_of $lab_unshare >"$lab/pid.new"
  for _ in {1..200}; do
    [ ! -e "$lab/up" ] || break
    sleep 0.02
  done
  [ -e "$lab/up" ] || fail "the lab's namespaces cannot be made"
  mv "$lab/pid.new" "$lab/pid"
  echo ready
  if [ -n "${LAB_FOREVER-}" ]; then
    exec >/dev/null
    wait $lab_unshare || true
  else
    # A read that a signal can end.
    cat >/dev/null <&0 &
    wait $! || true
  fi
}

# Ends everything: the namespace's processes die with its first one; a server that was started outside of it, but
# in its network, is found by that network.
# shellcheck disable=SC2317 # reached through the trap
lab_end() {
  trap - EXIT
  local net='' ns pid
  if [ -f "$lab/pid" ]; then net=$(readlink "/proc/$(<"$lab/pid")/ns/net" || true); fi
  kill -KILL "$lab_unshare" 2>/dev/null || true
  if [ -n "$net" ]; then
    for ns in /proc/[0-9]*/ns/net; do
      [ "$(readlink "$ns" 2>/dev/null)" = "$net" ] || continue
      pid=${ns#/proc/}
      kill -KILL "${pid%%/*}" 2>/dev/null || true
    done
  fi
  rm -rf "${lab:?}"
}

# A lab that stays until lab_stop.
lab_start() {
  rm -rf "${lab:?}"
  mkdir -p "$lab"
  LAB_FOREVER=1 setsid --fork "$0" lab </dev/null >"$lab/log" 2>&1
  for _ in {1..500}; do lab_alive && return; sleep 0.02; done
  fail "the lab did not start: $(cat "$lab/log")"
}

lab_stop() {
  [ -f "$lab/supervisor" ] || return 0
  local supervisor
  supervisor=$(<"$lab/supervisor")
  kill -TERM "$supervisor" 2>/dev/null || true
  for _ in {1..500}; do [ -d "/proc/$supervisor" ] || break; sleep 0.02; done
  rm -rf "${lab:?}"
}

# usage: lab_enter NAMESPACES -- COMMAND
lab_enter() {
  lab_alive || fail "no test phone runs: start one first"
  local kinds=()
  while [ "$1" != -- ]; do kinds+=("$1") && shift; done
  shift
  # adb at its standard port, whatever this user has set for the phones of this machine.
  nsenter --target "$(<"$lab/pid")" "${kinds[@]}" -- env -u ANDROID_SERIAL -u ANDROID_ADB_SERVER_PORT \
    -u ADB_SERVER_SOCKET "$@"
}

# The host's adb in the lab, where it keeps its key and its log; a server that it starts dies with the lab.
lab_adb() { lab_enter --net --mount --pid -- env HOME="$lab/home" TMPDIR="$lab/home" adb "$@"; }

# usage: phone_start NAME PORT DRESS DISK CPU CABLE
phone_start() {
  local phone=$lab/$1 port=$2
  [ ! -e "$phone" ] || fail "there is a phone '$1' already: stop it first"
  # A port of its own: 7555 and up, where the adb server looks for no emulators; or, since no USB is at hand, one of
  # an emulator, whose serial has no address in it and which the server connects again by itself.
  if [ -z "$port" ]; then
    if [ -n "$6" ]; then port=5555; else port=7555; fi
    while grep -qsx "$port" "$lab"/*/port; do port=$((port + 2)); done
  fi
  mkdir -p "$phone/files/bin" "$phone/disk"
  echo "$port" >"$phone/port"
  if [ -n "$6" ]; then echo "emulator-$((port - 1))"; else echo "127.0.0.1:$port"; fi >"$phone/serial"
  echo "$5" >"$phone/cpu"
  "$parts/dress/$3.sh" "$phone/files"
  cp "$parts"/bin/* "$phone/files/bin/"
  # In the lab's mounts, so that it outlives a restart of the phone and no longer.
  nsenter --target "$(<"$lab/pid")" --mount -- mount -t tmpfs -o "mode=771,size=$4" data "$phone/disk"
  phone_boot "$1"
}

# Starts a phone whose folder is there and connects it.
phone_boot() {
  local phone=$lab/$1 entered init
  [ -d "$phone" ] || fail "there is no phone '$1' (see start)"
  [ -n "${root-}" ] || root=$("$parts/build.sh" "$cache")
  nsenter --target "$(<"$lab/pid")" --net --mount --pid -- setsid unshare --mount --uts --pid --fork --kill-child \
    --propagation private "$parts/init.sh" "$root" "$phone" </dev/null >>"$phone/log" 2>&1 &
  entered=$!
  disown
  init=$(child_of "$(child_of $entered)")
  [ -n "$init" ] || fail "the phone did not start: $(tail -3 "$phone/log")"
  echo "$init" >"$phone/pid"
  phone_connect "$1" || fail "the phone's adbd does not answer: $(tail -3 "$phone/log")"
  phone_info "$1"
}

# Connects the adb server; an old connection is dropped, because the server would keep it as offline for ten seconds.
phone_connect() {
  local serial
  serial=$(<"$lab/$1/serial")
  for _ in {1..100}; do
    phone_disconnect "$serial"
    lab_adb connect "$(phone_address "$1")" >/dev/null 2>&1 || true
    for _ in {1..5}; do
      case $(lab_adb -s "$serial" get-state 2>/dev/null || true) in device) return ;; esac
      sleep 0.05
    done
  done
  return 1
}

# What `adb connect` takes for a phone.
phone_address() {
  local port
  port=$(<"$lab/$1/port")
  case $(<"$lab/$1/serial") in
    emulator-*) echo "emu:$((port - 1)),$port" ;;
    *) echo "127.0.0.1:$port" ;;
  esac
}

# usage: phone_disconnect SERIAL
phone_disconnect() {
  case $1 in
    emulator-*) lab_adb -s "$1" reconnect >/dev/null 2>&1 || true ;;
    *) lab_adb disconnect "$1" >/dev/null 2>&1 || true ;;
  esac
}

# usage: phone_reconnect NAME STATE: connects anew until the adb server lists the phone as STATE.
phone_reconnect() {
  local serial connect listed
  serial=$(<"$lab/$1/serial")
  for _ in {1..40}; do
    phone_disconnect "$serial"
    # It may wait for an answer that does not come.
    lab_adb connect "$(phone_address "$1")" </dev/null >/dev/null 2>&1 &
    connect=$!
    disown
    for _ in {1..40}; do
      listed=$(lab_adb devices)
      grep -q "^$serial.*$2" <<<"$listed" && return
      # Nobody listens there yet.
      kill -0 $connect 2>/dev/null || [[ $listed == *"$serial"* ]] || break
      sleep 0.1
    done
  done
  fail "the phone '$1' does not become $2"
}

phone_stop() {
  local phone=$lab/$1 pid
  [ -f "$phone/pid" ] || fail "there is no phone '$1' (see start)"
  pid=$(<"$phone/pid")
  # A first process ignores TERM.
  kill -KILL "$pid" 2>/dev/null || true
  for _ in {1..200}; do [ -d "/proc/$pid" ] || break; sleep 0.02; done
  phone_disconnect "$(<"$phone/serial")"
}

# usage: phone_secure NAME 1|0: whether the phone wants this computer's key accepted, which nobody does. It starts
# anew for that, as a phone does whose authorisations are revoked.
phone_secure() {
  sed -i "s/^ro.adb.secure=.*/ro.adb.secure=$2/" "$lab/$1/files/build.prop"
  [ "$2" = 0 ] || signal_program KILL "$1" adbd
}

phone_info() {
  local phone=$lab/$1
  [ -f "$phone/pid" ] || fail "there is no phone '$1' (see start)"
  printf 'pid=%s\nserial=%s\nfiles=%s\ndisk=/proc/%s/root%s\n' \
    "$(<"$phone/pid")" "$(<"$phone/serial")" "$phone/files" "$(<"$lab/pid")" "$phone/disk"
}
