# Prints the state of a phone: for each part a line `@@name`, then what a service said.
# $dir is the folder that bench uses on the phone; the record of changed settings is in its
# settings/. `ask.sh` stands before this.
part() { printf '\n@@%s\n' "$1"; }
{
    part clock; date +%s; cut -d ' ' -f 1 /proc/uptime
    part boot; cat /proc/sys/kernel/random/boot_id
    part battery; ask dumpsys battery
    # What the kernel says of it, where the service does not.
    part supply
    for supply in /sys/class/power_supply/battery /sys/class/power_supply/*; do
        [ "$(cat "$supply/type")" = Battery ] && [ "$(cat "$supply/scope")" != Device ] || continue
        for file in capacity temp status voltage_now present; do echo "$file: $(cat "$supply/$file")"; done
        break
    done
    part thermal; ask dumpsys thermalservice
    part memory; grep -E '^(MemTotal|MemAvailable|SwapFree):' /proc/meminfo
    part oom; grep '^oom_kill ' /proc/vmstat
    disk=$dir; [ -d "$disk" ] || disk=/data/local/tmp; [ -d "$disk" ] || disk=.
    part space; df -P -k "$disk"
    part power; ask dumpsys power | grep -E 'mWakefulness=|Display Power: state='
    part deep; ask dumpsys deviceidle get deep
    part light; ask dumpsys deviceidle get light
    part screen; ask dumpsys deviceidle get screen
    part saver; ask settings get global low_power
    part airplane; ask settings get global airplane_mode_on
    part stay-awake; ask settings get global stay_on_while_plugged_in
    part record; cat "$dir/settings/restore"
    part end
} 2>/dev/null
