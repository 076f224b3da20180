"""Reads an export's manifest, and runs the portable SQL of this folder: what engines share. Needs nothing but Python."""
import json
import pathlib
import re

HERE = pathlib.Path(__file__).parent


def manifest_of(folder):
    """The manifest in a chain's folder, and the files of each table, as paths. Files that it does not name may be of another moment."""
    folder = pathlib.Path(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {}
    for part in [*manifest["segments"], *manifest["tables"]]:
        for file in part["files"]:
            files.setdefault(file["table"], []).append(str(folder / file["path"]))
    return manifest, files


def names(model):
    """Names of the queries for a model of chains: outputs or accounts."""
    return sorted(path.stem for path in (HERE / model).glob("*.sql"))


def query(model, name):
    """The text of a query, its keys and its measures."""
    text = (HERE / model / f"{name}.sql").read_text()

    def listed(what):
        found = re.search(rf"^-- {what}: (.*)$", text, re.MULTILINE)
        return [word.strip() for word in found[1].split(",")] if found else []

    return text, listed("keys"), listed("measures")


def digest_query(text, keys, measures):
    """SQL that gives one row: how many rows a query has and, of each measure, how many have it, its sum, and its sum mixed with the key, as
    `holdfast-analytics merge --json` states them."""
    key = " + ".join(f"({name} % 1000003) * {by}" for name, by in zip(keys, (1, 7)))
    columns = ["COUNT(*) AS n"]
    for name in measures:
        columns.append(f"COUNT({name}) AS {name}_known")
        columns.append(f"SUM(CAST({name} AS DECIMAL(38, 0))) AS {name}_sum")
        columns.append(f"SUM(CAST(({key}) * CAST({name} % 1000033 AS BIGINT) AS DECIMAL(38, 0))) AS {name}_mixed")
    return f"SELECT {', '.join(columns)} FROM ({text}) result"


def digest(row, measures):
    """The digest of the row that a digest query gave."""
    values = list(row)
    columns = []
    for n, name in enumerate(measures):
        known, total, mixed = values[1 + 3 * n : 4 + 3 * n]
        columns.append({"name": name, "known": int(known), "sum": str(int(total or 0)), "mixed": str(int(mixed or 0))})
    return {"rows": int(values[0]), "columns": columns}
