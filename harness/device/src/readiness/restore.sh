# Restores the settings that bench changed, and removes each from the record.
# $1 is the folder with the record. Exits with 0 when none is left, with 94 when all is restored
# and the record cannot be removed. `ask.sh` stands before this.
# $2 may be `forget`: then what cannot be put back is printed and no longer on record.
# The record is data: a word and a value a line, never run.
record=$1/restore
[ -f "$record" ] || exit 0
left=
# A global setting of Android; `null` where it was never set.
is() { [ "$(ask settings get global "$1" 2>/dev/null)" = "$2" ]; }
back() {
    case $1 in
        airplane-mode) is airplane_mode_on "$2" && return ;;
        stay-awake) is stay_on_while_plugged_in "$2" && return ;;
    esac
    case $1:$2 in
        version:1) return 0 ;;
        fixed-performance:off) ask cmd power set-fixed-performance-mode-enabled false ;;
        airplane-mode:0) ask cmd connectivity airplane-mode disable ;;
        airplane-mode:1) ask cmd connectivity airplane-mode enable ;;
        stay-awake:null) ask settings delete global stay_on_while_plugged_in ;;
        stay-awake:[0-9] | stay-awake:1[0-5]) ask settings put global stay_on_while_plugged_in "$2" ;;
        *) return 1 ;;
    esac
}
while read -r what value; do
    [ -n "$what" ] || continue
    if back "$what" "$value" </dev/null >/dev/null 2>&1; then
        [ "$what" = version ] || echo "$what $value"
    else
        left="$left$what $value
"
        echo "left: $what $value" >&2
        [ "$2" != forget ] || echo "forgotten: $what $value"
    fi
done <"$record"
if [ -z "$left" ] || [ "$2" = forget ]; then
    rm -f "$record" "$1/lease" "$1/restore.new" "$1/restore.sh" "$1/watchdog.sh" "$1/watchdog.pid" || exit 94
    rmdir "$1" 2>/dev/null
    exit 0
fi
printf 'version 1\n%s' "$left" >"$1/restore.new" && mv "$1/restore.new" "$record"
exit 1
