"""Reads the tables of a fuzz campaign with Python's csv, strict, and with pandas.

    npm run fuzz -- --target table --out FOLDER
    python bench/fuzz/reference/tables.py FOLDER

Prints how many tables foldwise accepted, and which of those either library refuses or reads otherwise. The
exit code is 1 where there is one. Needs pandas.

Three things are foldwise's own: it takes one byte order mark from the start, as utf-8-sig does; a row ends in
LF, CRLF or CR, as csv has it; and a header alone is a table of no rows, which pandas reads, too.
"""

import csv
import hashlib
import io
import json
import pathlib
import sys

import pandas


def digest(rows):
    """As bench/fuzz/targets/table.ts says it."""
    result = hashlib.sha256()
    for row in rows:
        for cell in row:
            encoded = cell.encode("utf-8")
            result.update(b"%d:" % len(encoded) + encoded)
        result.update(b"\n")
    return result.hexdigest()


def read_csv(path):
    text = path.read_bytes().decode("utf-8-sig")
    csv.field_size_limit(2**24)
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def read_pandas(path):
    frame = pandas.read_csv(
        io.BytesIO(path.read_bytes()),
        header=None,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        skip_blank_lines=False,
        engine="c",
    )
    return frame.values.tolist()


def main():
    folder = pathlib.Path(sys.argv[1]) / "table"
    outcomes = [json.loads(line) for line in (folder / "outcomes.ndjson").read_text("utf-8").splitlines()]
    accepted = [outcome for outcome in outcomes if outcome["verdict"] == "accepted"]
    print(f"{len(outcomes)} tables, of which foldwise accepted {len(accepted)}")
    differing = 0
    for outcome in accepted:
        path = folder / f"{outcome['index']}.csv"
        for name, read in (("csv", read_csv), ("pandas", read_pandas)):
            try:
                rows = read(path)
            except Exception as error:  # Whatever a library raises is a refusal.
                differing += 1
                print(f"{path}: {name} refuses it: {type(error).__name__}: {error}")
                continue
            if digest(rows) != outcome["value"]["sha256"]:
                differing += 1
                print(f"{path}: {name} reads it otherwise: {len(rows) - 1} rows")
    print(f"{differing} differ")
    sys.exit(1 if differing > 0 else 0)


main()
