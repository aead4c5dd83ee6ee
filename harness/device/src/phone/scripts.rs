//! The shell scripts of a detached run. They use only what toybox, busybox and mksh have
//! in common.
//!
//! A run has a folder: `job.json`, `journal`, `stderr`, and three small files that are
//! filled with blanks before the start and overwritten in place, so that the end can be
//! recorded on a full disk too: `pid` (of the supervisor and of the agent), `exit` (the
//! agent's status), `stopped` (a host ended it). The supervisor, a `sh`, outlives the agent
//! to write its status.
//!
//! Whoever renames `job.json` decides: the supervisor to `job` when it begins, or who ends
//! the run to `forbidden`, after which no agent is started any more. A rename succeeds once,
//! and on a full disk too.

use crate::quote;
use std::time::Duration;

/// The supervisor's script. `$1` is the run's folder, `$2` the agent, `$3` how long it waits
/// for space, ms.
const SUPERVISOR: &str = r#"
mv "$1/job.json" "$1/job" 2> /dev/null || exit 0
"$2" run --job "$1/job" --journal "$1/journal" --patience "$3" > /dev/null &
a=$!
echo "$$ $a" 1<> "$1/pid"
wait $a
echo "$?" 1<> "$1/exit"
"#;

/// Renews the heartbeat of the lock: a host that polls a run is alive.
const HEARTBEAT: &str = "echo > \"$d/../../../lock/beat\" 2> /dev/null";

/// A script that prints an empty line on stderr each second while it runs, up to `at_most`.
pub(super) fn with_heartbeat(script: &str, at_most: Duration) -> String {
    // Of the loop, only the shell itself holds stderr: no `sleep` outlives the script with it.
    format!(
        "(n=0; while [ $n -lt {seconds} ]; do sleep 1 < /dev/null > /dev/null 2>&1; echo >&2 || exit; n=$((n+1)); done) &\n\
         beat=$!\n({script}\n)\ne=$?; kill $beat 2> /dev/null; exit $e",
        seconds = at_most.as_secs(),
    )
}

/// Starts the agent detached, once, however often the script is run. `patience`: how long the
/// agent waits for space for its journal.
pub(super) fn start(folder: &str, agent: &str, patience: Duration) -> String {
    let blanks = " ".repeat(24);
    format!(
        "d={folder}; cd \"$d\" || exit 1\n\
         [ -d started ] && exit 0\n\
         for f in pid exit stopped; do [ -s $f ] || echo '{blanks}' > $f || exit 1; done\n\
         if mkdir started; then\n\
         cat /proc/sys/kernel/random/boot_id > boot 2> /dev/null\n\
         grep oom_kill /proc/vmstat > oom 2> /dev/null\n\
         (setsid sh -c {supervisor} sh \"$d\" {agent} {patience} > /dev/null 2> stderr < /dev/null &)\n\
         else [ -d started ]; fi",
        folder = quote(folder),
        agent = quote(agent),
        patience = patience.as_millis(),
        supervisor = quote(SUPERVISOR),
    )
}

/// Defines the function `is_ours`: whether process `$1` runs and is one of the run `$2`. A later
/// process of the same number does not have the folder on its command line. The arguments there
/// end with NULs, at which the `grep` of phones stops reading.
const IS_OURS: &str = r#"
is_ours() { [ -n "$1" ] && cat "/proc/$1/cmdline" 2> /dev/null | tr '\000' '\n' | grep -q -F -- "$2"; }
"#;

/// Defines `alive`: whether the supervisor of `$d` runs. Needs [`IS_OURS`].
const ALIVE: &str = r#"
w=; [ -f "$d/pid" ] && read w a < "$d/pid"
alive=no; is_ours "$w" "$d" && alive=yes
[ -z "$w" ] && alive=starting
"#;

/// Defines the function `any_alive`, which sets `alive`: whether the supervisor of a run below
/// `$r` runs, but for those in the folder `$1`. Needs [`IS_OURS`].
const ANY_ALIVE: &str = r#"
any_alive() {
alive=no
for d in "$r"/runs/*/*; do
[ -n "$1" ] && [ "${d%/*}" = "$1" ] && continue
w=; [ -f "$d/pid" ] && read w a < "$d/pid"
is_ours "$w" "$d" && alive=yes
done
}
"#;

/// [`ANY_ALIVE`] and what it needs.
pub(super) fn any_alive() -> String {
    format!("{IS_OURS}{ANY_ALIVE}")
}

/// Defines `s`: the agent's state in the kernel's words.
const STATE: &str = r#"s=$(sed -n 's/^State:[[:blank:]]*//p' "/proc/$a/status" 2> /dev/null)
"#;

/// Prints the state of the run, then the journal from an offset on. The state is read
/// first: of a run that has ended, what follows is then the whole rest.
pub(super) fn poll(folder: &str, offset: u64, limit: Option<u64>, check_alive: bool) -> String {
    let alive = if check_alive { format!("{IS_OURS}{ALIVE}{STATE}") } else { "alive=unasked".to_owned() };
    let limit = limit.map(|limit| format!(" | head -c {limit}")).unwrap_or_default();
    format!(
        "d={folder}\n[ -d \"$d\" ] || {{ echo gone; exit; }}\n{alive}\n\
         e=; [ -f \"$d/exit\" ] && read e < \"$d/exit\"\n\
         echo \"alive=$alive exit=$e state=$s\"\n{HEARTBEAT}\n\
         [ -f \"$d/journal\" ] || exit 0\n\
         tail -c +{from} \"$d/journal\"{limit}",
        folder = quote(folder),
        from = offset + 1,
    )
}

/// What is recorded of a run that is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A host ended it.
    Stopped,
    /// Nothing: it never began, and why must still be seen, such as a restart of the phone.
    None,
}

/// Ends the agent, by SIGTERM and after 2 s by SIGKILL, or forbids its start. Afterwards
/// neither it nor its supervisor runs, or ever will; only an agent whose supervisor died
/// before it told of it is left to [`end_strays`].
pub(super) fn stop(folder: &str, mark: Mark) -> String {
    let (mark, status) = match mark {
        Mark::Stopped => ("echo yes 1<> stopped", "echo 143 1<> exit"),
        Mark::None => ("", "true"),
    };
    format!(
        r#"d={folder}; cd "$d" || exit 0
{mark}
mv job.json forbidden 2> /dev/null && {status}
[ -e forbidden ] && exit 0
# It has begun, and says who it is within a moment.
w=; n=0; while [ $n -lt 100 ]; do
read w a < pid; [ -n "$w" ] && break
sleep 0.1; n=$((n+1))
done 2> /dev/null
{IS_OURS}is_gone() {{ n=0; while [ $n -lt 20 ] && is_ours "$1" "$d"; do sleep 0.1; n=$((n+1)); done; ! is_ours "$1" "$d"; }}
end() {{ is_ours "$1" "$d" || return 0; kill -TERM $1; is_gone $1 || {{ kill -KILL $1; is_gone $1; }}; }}
if [ -n "$w" ]; then
end $a
# The supervisor ends by itself, with the agent's status written.
is_gone $w || kill -KILL $w
fi; true"#,
        folder = quote(folder),
    )
}

/// Ends processes of agents, by SIGTERM and then SIGKILL, and prints the number of each.
/// `which` is what is ended: a shell's condition, for which `$job` is the path of the
/// agent's job, empty where it has none.
fn end_agents(root: &str, which: &str) -> String {
    format!(
        r#"r={root}; name=slm-agent
# This text is an argument of this shell: it must not look like an agent's.
ours() {{
for f in $(grep -l -s '/[s]lm-agent' /proc/[0-9]*/cmdline); do
p=${{f#/proc/}}; p=${{p%/cmdline}}
words=$(tr '\000' '\n' 2> /dev/null < "$f") || continue
case $words in *"$r/bin/$name-"*) ;; *) continue ;; esac
job=$(printf '%s\n' "$words" | sed -n '/^--job$/{{n;p;}}')
if {which}; then echo "$p"; fi
done
}}
found=$(ours); [ -n "$found" ] || exit 0
kill -TERM $found 2> /dev/null
n=0; while [ $n -lt 20 ] && [ -n "$(ours)" ]; do sleep 0.1; n=$((n+1)); done
left=$(ours); [ -z "$left" ] || kill -KILL $left 2> /dev/null
echo "$found""#,
        root = quote(root),
    )
}

/// Ends the agents whose run is known to nobody, because its folder is gone.
pub(super) fn end_strays(root: &str) -> String {
    end_agents(root, r#"[ -n "$job" ] && [ ! -d "${job%/*}" ]"#)
}

/// Ends every agent, whatever it does, and its supervisor.
pub(super) fn end_all(root: &str) -> String {
    end_agents(root, "true")
}

/// Removes runs that hold nothing to be read: no journal, and no agent that could write one.
pub(super) fn remove_empty_runs(root: &str) -> String {
    format!(
        r#"{IS_OURS}for d in {root}/runs/*/*; do
[ -d "$d" ] && [ ! -s "$d/journal" ] || continue
{ALIVE}
[ $alive = yes ] || {{ [ -d "$d/started" ] && [ -e "$d/job.json" ]; }} || rm -rf "$d"
done
rmdir {root}/runs/* 2> /dev/null; true"#,
        root = quote(root),
    )
}

/// Removes a run unless it was started.
pub(super) fn remove_unstarted(folder: &str) -> String {
    format!("d={}; [ -d \"$d/started\" ] || rm -rf \"$d\"", quote(folder))
}

/// Prints how a run ended: lines `key=value`, then a line `--`, then the end of its
/// standard error.
pub(super) fn evidence(folder: &str, stderr_bytes: usize) -> String {
    format!(
        r#"d={folder}; cd "$d" || exit 1
e=; read e < exit; s=; read s < stopped; w=; a=; read w a < pid
echo "exit=$e"; echo "stopped=$s"; echo "agent=$a"
[ "$(cat boot 2> /dev/null)" = "$(cat /proc/sys/kernel/random/boot_id 2> /dev/null)" ] || echo rebooted=yes
[ "$(cat oom 2> /dev/null)" = "$(grep oom_kill /proc/vmstat 2> /dev/null)" ] || echo oom=yes
df -Pk . | tail -n 1 | sed 's/^/df=/'
echo --
tail -c {stderr_bytes} stderr 2> /dev/null; true"#,
        folder = quote(folder),
    )
}
