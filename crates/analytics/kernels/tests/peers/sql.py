"""The portable SQL on DuckDB and DataFusion: sql.py EXPORT... Prints, by export, query and engine, the digest of the rows, as JSON."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "sql"))

import datafusion
import duckdb
import holdfast_sql


def with_duckdb(files):
    engine = duckdb.connect(config={"memory_limit": "1GB", "threads": "2"})
    for table, paths in files.items():
        listed = ", ".join(f"'{path}'" for path in paths)
        engine.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet([{listed}], hive_partitioning = false)")
    return lambda text: engine.execute(text).fetchone()


def with_datafusion(files):
    engine = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(2))
    for table, paths in files.items():
        parts = []
        for n, path in enumerate(paths):
            engine.register_parquet(f"{table}_{n}", path)
            parts.append(f"SELECT * FROM {table}_{n}")
        engine.sql(f"CREATE VIEW {table} AS {' UNION ALL '.join(parts)}").collect()

    def first(text):
        table = engine.sql(text).to_arrow_table()
        return [column[0].as_py() for column in table.columns]

    return first


found = {}
for export in sys.argv[1:]:
    manifest, files = holdfast_sql.manifest_of(export)
    for name in holdfast_sql.names(manifest["model"]):
        text, keys, measures = holdfast_sql.query(manifest["model"], name)
        for engine, run in (("duckdb", with_duckdb(files)), ("datafusion", with_datafusion(files))):
            row = run(holdfast_sql.digest_query(text, keys, measures))
            found.setdefault(export, {}).setdefault(name, {})[engine] = holdfast_sql.digest(row, measures)
json.dump(found, sys.stdout)
