# Prints what an Android phone has logged about processes that died, newest last: a
# line `@@oom` with the kernel's count of out-of-memory kills, then `@@log`.
echo "@@oom $(grep '^oom_kill ' /proc/vmstat 2>/dev/null)"
echo '@@log'
{
    logcat -d -b all -v epoch 2>/dev/null || logcat -d -v epoch 2>/dev/null || logcat -d 2>/dev/null
    dmesg 2>/dev/null
} </dev/null | grep -E 'lowmemorykiller|lmkd|killinfo|am_kill|Killing [0-9]+:|DEBUG +[:(]|Fatal signal|[Oo]ut of memory|oom-kill:|Killed process|[Tt]ombstone|unhandled signal' | tail -n 2000
true
