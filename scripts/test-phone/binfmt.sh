#!/usr/bin/env bash
# Lets the kernel run arm64 programs by the emulator given, unless it can already. The kernel keeps the emulator
# open, so a chroot needs no copy of it. The entry is the machine's; to remove it:
#   echo -1 > /proc/sys/fs/binfmt_misc/slm-test-phone
#
#   binfmt.sh EMULATOR
#   binfmt.sh check       whether this kernel can; changes nothing that is seen outside
set -euo pipefail
qemu=${1:?the emulator is missing}
entries=/proc/sys/fs/binfmt_misc

fail() {
  printf 'test-phone: %s\n' "$*" >&2
  exit 2
}

[ "$(uname -m)" != aarch64 ] || exit 0
[ -d $entries ] || modprobe binfmt_misc 2>/dev/null || true
if [ "$qemu" = check ]; then
  [ -w $entries/register ] || exec unshare --mount mount -t binfmt_misc binfmt_misc $entries 2>/dev/null
  exit
fi
if [ ! -e $entries/register ]; then
  mount -t binfmt_misc binfmt_misc $entries || fail "this kernel has no binfmt_misc, which runs arm64 programs"
fi
# An entry of the distribution serves as well if it keeps the emulator open (F) and the name a program is called
# by (P): busybox is many programs by that name.
for entry in "$entries"/*aarch64* "$entries"/slm-test-phone; do
  if [ -f "$entry" ] && grep -q '^enabled' "$entry" && grep -qE '^flags:.*P' "$entry" && grep -qE '^flags:.*F' "$entry"; then
    exit 0
  fi
done
# ELF, 64 bits, little-endian, executable or shared object (ET_EXEC, ET_DYN), machine 0xb7.
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf ':slm-test-phone:M:0:%s:%s:%s:OPF' "$magic" "$mask" "$qemu" >$entries/register ||
  [ -f $entries/slm-test-phone ] || fail "cannot register the emulator with the kernel"
