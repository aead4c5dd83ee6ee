# Runs on the phone beside a sweep. Restores the settings when the lease has run out and
# no agent works any more.
# $1 is the folder with the record, $2 the interval of the checks in seconds.
echo $$ >"$1/watchdog.pid"
tries=0
while [ -f "$1/restore" ] && [ "$tries" -lt 5 ]; do
    sleep "$2"
    # A newer sweep has its own watchdog.
    read -r owner <"$1/watchdog.pid" && [ "$owner" = $$ ] || exit 0
    # Time since the phone started: the wall clock may be set meanwhile.
    read -r up _ </proc/uptime && read -r until <"$1/lease" || until=0
    case $until in '' | *[!0-9]*) until=0 ;; esac
    [ "${up%%.*}" -ge "$until" ] || continue
    # The brackets keep grep from finding itself.
    grep -qs "${1%/*}/bin/[s]lm-agent" /proc/[0-9]*/cmdline && continue
    sh "$1/restore.sh" "$1" && exit 0
    tries=$((tries + 1))
done
