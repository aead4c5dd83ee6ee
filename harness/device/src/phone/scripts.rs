//! The shell scripts of a detached run. They use only what toybox, busybox and mksh have
//! in common.
//!
//! A run has a folder: `job.json`, `journal`, `stderr`, and three small files that are
//! filled with blanks before the start and overwritten in place, so that the end can be
//! recorded on a full disk too: `pid` (of the supervisor and of the agent), `exit` (the
//! agent's status), `stopped` (a host ended it). The supervisor, a `sh`, outlives the agent
//! to write its status.

use crate::quote;
use std::time::Duration;

/// The supervisor's script. `$1` is the run's folder, `$2` the agent.
const SUPERVISOR: &str = r#"
"$2" run --job "$1/job.json" --journal "$1/journal" > /dev/null &
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

/// Starts the agent detached, once, however often the script is run.
pub(super) fn start(folder: &str, agent: &str) -> String {
    let blanks = " ".repeat(24);
    format!(
        "d={folder}; cd \"$d\" || exit 1\n\
         if mkdir started 2> /dev/null; then\n\
         for f in pid exit stopped; do echo '{blanks}' > $f || exit 1; done\n\
         cat /proc/sys/kernel/random/boot_id > boot 2> /dev/null\n\
         grep oom_kill /proc/vmstat > oom 2> /dev/null\n\
         (setsid sh -c {supervisor} sh \"$d\" {agent} > /dev/null 2> stderr < /dev/null &)\n\
         fi",
        folder = quote(folder),
        agent = quote(agent),
        supervisor = quote(SUPERVISOR),
    )
}

/// Defines `alive`: whether the supervisor of `$d` runs. A later process of the same number
/// does not have the folder on its command line. The arguments there end with NULs, at
/// which the `grep` of phones stops reading.
const ALIVE: &str = r#"
w=; [ -f "$d/pid" ] && read w a < "$d/pid"
alive=no; [ -n "$w" ] && cat "/proc/$w/cmdline" 2> /dev/null | tr '\000' '\n' | grep -q -F -- "$d" && alive=yes
[ -z "$w" ] && alive=starting
"#;

/// Defines `s`: the agent's state in the kernel's words.
const STATE: &str = r#"s=$(sed -n 's/^State:[[:blank:]]*//p' "/proc/$a/status" 2> /dev/null)
"#;

/// Prints the state of the run, then the journal from an offset on. The state is read
/// first: of a run that has ended, what follows is then the whole rest.
pub(super) fn poll(folder: &str, offset: u64, limit: Option<u64>, check_alive: bool) -> String {
    let alive = if check_alive { format!("{ALIVE}{STATE}") } else { "alive=unasked".to_owned() };
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

/// Ends the agent, by SIGTERM and after 2 s by SIGKILL, and marks the run as ended by a host.
pub(super) fn stop(folder: &str) -> String {
    format!(
        "d={folder}; cd \"$d\" || exit 0\n{ALIVE}\n\
         echo yes 1<> stopped\n\
         ours() {{ cat \"/proc/$a/cmdline\" 2> /dev/null | tr '\\000' '\\n' | grep -q -F -- \"$d\"; }}\n\
         if [ $alive = yes ]; then kill -TERM $a; n=0\n\
         while [ $n -lt 20 ] && ours; do sleep 0.1; n=$((n+1)); done\n\
         ours && kill -KILL $a; fi; true",
        folder = quote(folder),
    )
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
