#!/usr/bin/env python3
"""Whether Python's huggingface_hub finds what `bench models pull` left in the cache.

usage: HF_HOME=DIR hub_cache_check.py REPO FILE [REVISION]   (needs the package huggingface_hub)
"""
import sys

from huggingface_hub import scan_cache_dir, try_to_load_from_cache

repo, file = sys.argv[1:3]
revision = sys.argv[3] if len(sys.argv) > 3 else "main"
found = try_to_load_from_cache(repo, file, revision=revision)
if not isinstance(found, str):
    sys.exit(f"{repo} {file} at {revision}: not found by huggingface_hub")
info = scan_cache_dir()
if info.warnings:
    sys.exit(f"the cache is not as huggingface_hub expects: {info.warnings}")
print(found)
