#!/usr/bin/env bash
# The phone's first process, in namespaces of its own: puts the phone together from mounts that nobody else sees,
# and keeps adbd alive. It is not adbd itself, so that what runs detached on the phone survives adbd's death.
#
#   init.sh ROOT PHONE_FOLDER
set -euo pipefail
root=$1 phone=$2 files=$2/files

mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null zero full random urandom tty; do cp -a "/dev/$node" "$root/dev/"; done
mkdir "$root/dev/pts" "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs tmp "$root/tmp"
mount --bind "$files" "$root/phone"
mount --bind "$files/sys" "$root/sys"
mount --bind "$files/tombstones" "$root/data/tombstones"
mount --bind "$phone/disk" "$root/data/local/tmp"
# By this number programs tell that the phone was started anew.
cat /proc/sys/kernel/random/uuid >"$files/proc/boot_id"
mount --bind "$files/proc/boot_id" "$root/proc/sys/kernel/random/boot_id"
for file in cpuinfo meminfo; do mount --bind "$files/proc/$file" "$root/proc/$file"; done
hostname "$(sed -n 's/^ro.product.device=//p' "$files/build.prop")" 2>/dev/null || true

# In the phone: a program of its own, with nothing of this machine's environment.
inside() {
  chroot "$root" /usr/bin/env -i PATH=/phone/bin:/usr/bin:/bin HOME=/data/local/tmp TMPDIR=/data/local/tmp \
    ADBD_PORT="$port" QEMU_CPU="$(<"$phone/cpu")" "$@"
}

# The loop is this machine's own shell: an emulated one was found asleep with no child left (qemu 7.2; as if it had lost a
# signal between blocking it and sigsuspend), and then no adbd would come back.
port=$(<"$phone/port")
while :; do
  if grep -q '^ro.adb.secure=1$' "$files/build.prop"; then
    inside /usr/bin/nc -l -p "$port" -e /phone/bin/refuse-adb || true
  else
    inside LD_PRELOAD=/usr/lib/propshim.so /usr/lib/android-sdk/platform-tools/adbd || true
  fi
  sleep 0.3
done
