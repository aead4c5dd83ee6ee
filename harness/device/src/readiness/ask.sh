ask() { if command -v timeout >/dev/null 2>&1; then timeout 8 "$@"; else "$@"; fi </dev/null; }
