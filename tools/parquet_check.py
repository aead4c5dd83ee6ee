#!/usr/bin/env python3
"""Compares every value that `bench export` wrote with the CSV files it came from.

    bench export DIR... -o OUT && tools/parquet_check.py OUT DIR...

Reads the Parquet files with polars (PyPI: pip install polars), the CSV files with
Python's own csv module, so that neither side is this project's code. Exit status 1
and the first differences when any value differs. Not a part of the tests, which read
the files back with the library that wrote them.
"""

import csv
import datetime
import math
import pathlib
import sys

import polars

TABLES = ("trials", "tokens", "telemetry", "summary")
SHOWN = 10


def text_of(folder: pathlib.Path, table: str) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows of a CSV file; later formats may add columns, so by name."""
    with open(folder / f"{table}.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or []), list(reader)


def is_same(value: object, text: str) -> bool:
    """Whether a typed value is what the CSV's text says. Empty is null and nothing else is."""
    if value is None or text == "":
        return value is None and text == ""
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int):
        return text == str(value)
    if isinstance(value, float):
        # The nearest double of the text, bit by bit.
        return math.isfinite(value) and float(text) == value
    if isinstance(value, datetime.datetime):
        return datetime.datetime.fromisoformat(text) == value
    return value == text


def check(out: pathlib.Path, folders: list[pathlib.Path], table: str) -> int:
    frame = polars.read_parquet(out / f"{table}.parquet")
    rows = frame.iter_rows(named=True)
    values = wrong = expected = 0
    for folder in folders:
        columns, lines = text_of(folder, table)
        expected += len(lines)
        for number, line in enumerate(lines, start=2):
            row = next(rows, None)
            if row is None:
                break
            for column in frame.columns:
                # The folder's name, and the device where format 1.0 has no column for it.
                if column == "run" or (column == "device" and column not in columns):
                    continue
                values += 1
                if not is_same(row[column], line.get(column, "")):
                    wrong += 1
                    if wrong <= SHOWN:
                        print(f"{folder}/{table}.csv, row {number}, {column}: {line.get(column, '')!r} became {row[column]!r}")
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            wrong += 1
            print(f"{table}: columns that were not exported: {', '.join(missing)}")
    if frame.height != expected:
        wrong += 1
        print(f"{table}: {frame.height} rows, {expected} in the CSV files")
    print(f"{table}: {frame.height} rows, {values} values, {wrong} differ")
    return wrong


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    out, *folders = map(pathlib.Path, sys.argv[1:])
    sys.exit(any([check(out, folders, table) for table in TABLES]))


if __name__ == "__main__":
    main()
