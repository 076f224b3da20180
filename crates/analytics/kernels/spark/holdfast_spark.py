"""Schedules Holdfast's kernels over the segments of an export with Apache Spark, and runs the portable SQL on it.

    spark-submit --py-files ../sql/holdfast_sql.py holdfast_spark.py --program /opt/holdfast/holdfast-analytics \\
        --export hdfs://name/chain=eip155_1 --results hdfs://name/results --kernels statistics balances --sql entity_edges

`--export` is the folder of a chain's manifest, `--results` where results go: URIs of any file system that pyarrow reads (file, hdfs, s3, gs), the
same for all executors. `--program` must be on every executor. A task copies the files of one segment, runs the kernel, and copies its result back: it
needs the memory and the disk of one segment, and may be run again anywhere. What is there of the same input is not made again.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import pandas
from pyspark import TaskContext
from pyspark.sql import SparkSession


def file_system(uri):
    """A file system and the path in it."""
    from pyarrow import fs

    if "://" in uri:
        return fs.FileSystem.from_uri(uri)
    return fs.LocalFileSystem(), str(pathlib.Path(uri).resolve())


def uri_of(folder):
    """A folder as Spark reads it: without escapes."""
    return folder if "://" in folder else f"file://{pathlib.Path(folder).resolve()}"


def read(uri, path):
    """The bytes of a file below a folder; none where there is no such file."""
    system, base = file_system(uri)
    try:
        with system.open_input_stream(f"{base}/{path}") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def fetch(uri, path, folder):
    """Copies a file below a folder to the same place below a local one."""
    system, base = file_system(uri)
    local = pathlib.Path(folder) / path
    local.parent.mkdir(parents=True, exist_ok=True)
    with system.open_input_stream(f"{base}/{path}") as stream, open(local, "wb") as out:
        while chunk := stream.read(1 << 20):
            out.write(chunk)


def store(folder, path, uri):
    """Copies a local file to the same place below a folder: beside it first, so that nobody sees half of it."""
    system, base = file_system(uri)
    whole = f"{base}/{path}"
    context = TaskContext.get()
    beside = f"{whole}.{context.taskAttemptId() if context else 'driver'}"
    system.create_dir(whole.rsplit("/", 1)[0], recursive=True)
    with open(pathlib.Path(folder) / path, "rb") as local, system.open_output_stream(beside) as stream:
        while chunk := local.read(1 << 20):
            stream.write(chunk)
    system.move(beside, whole)


def run(program, *arguments):
    """Runs the program; its last words are the error's."""
    done = subprocess.run([program, *arguments, "--json"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{program} {' '.join(arguments)}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout)


def partial_path(kernel, segment):
    return f"kernel={kernel}/segment={segment:06}/partial.json"


def kernel_tasks(program, export, results, manifest_text):
    """What a task does: for each row (kernel, segment) a row of what came of it."""

    def one(kernel, segment):
        path = partial_path(kernel, segment)
        manifest = json.loads(manifest_text)
        files = [file for s in manifest["segments"] if s["number"] == segment for file in s["files"]]
        with tempfile.TemporaryDirectory() as work:
            local_export, local_results = pathlib.Path(work, "export"), pathlib.Path(work, "results")
            local_export.mkdir()
            (local_export / "manifest.json").write_text(manifest_text)
            before = read(results, path)
            if before is not None:
                # The program decides whether it is of this input.
                (local_results / path).parent.mkdir(parents=True)
                (local_results / path).write_bytes(before)
                file = json.loads(before)["file"]["path"]
                if read(results, file) is not None:
                    fetch(results, file, local_results)
            for file in files:
                fetch(export, file["path"], local_export)
            [partial] = run(program, kernel, str(local_export), str(local_results), str(segment), "--threads", "1")
            store(local_results, partial["file"]["path"], results)
            store(local_results, path, results)
        return partial

    def task(frames):
        for frame in frames:
            rows = []
            for kernel, segment in zip(frame["kernel"], frame["segment"]):
                partial = one(kernel, int(segment))
                context = TaskContext.get()
                attempt = context.attemptNumber() if context else 0
                rows.append((kernel, int(segment), int(partial["file"]["rows"]), partial["file"]["sha256"], attempt))
            yield pandas.DataFrame(rows, columns=["kernel", "segment", "rows", "sha256", "attempt"])

    return task


def run_kernels(spark, program, export, results, kernels):
    """Runs kernels over all segments as tasks, and joins each on the driver. Returns the outcomes and the rows of the tasks."""
    manifest_text = read(export, "manifest.json").decode()
    manifest = json.loads(manifest_text)
    pairs = [(kernel, segment["number"]) for kernel in kernels for segment in manifest["segments"]]
    # A task each, without a shuffle, whose files would be lost with a machine.
    frame = spark.sparkContext.parallelize(pairs, len(pairs)).toDF("kernel string, segment long")
    task = kernel_tasks(program, export, results, manifest_text)
    done = frame.mapInPandas(task, "kernel string, segment long, rows long, sha256 string, attempt int").collect()
    missing = set(pairs) - {(row["kernel"], row["segment"]) for row in done}
    if missing:
        raise RuntimeError(f"no result of {sorted(missing)[:5]}")
    return [merge(program, results, manifest_text, kernel) for kernel in kernels], done


def merge(program, results, manifest_text, kernel):
    """Joins what a kernel gave, on this machine: it needs the disk of all of it, and of a forest 4 bytes of memory an address."""
    with tempfile.TemporaryDirectory() as work:
        local_export, local_results = pathlib.Path(work, "export"), pathlib.Path(work, "results")
        local_export.mkdir()
        (local_export / "manifest.json").write_text(manifest_text)
        for segment in json.loads(manifest_text)["segments"]:
            path = partial_path(kernel, segment["number"])
            fetch(results, path, local_results)
            fetch(results, json.loads((local_results / path).read_text())["file"]["path"], local_results)
        outcome = run(program, "merge", kernel, str(local_export), str(local_results))
        for file in outcome["files"]:
            store(local_results, file["path"], results)
        store(local_results, f"kernel={kernel}/result.json", results)
    return outcome


def register(spark, export):
    """Makes a view of each table, of the files that the manifest names. Returns the manifest."""
    manifest = json.loads(read(export, "manifest.json"))
    base = uri_of(export)
    files = {}
    for part in [*manifest["segments"], *manifest["tables"]]:
        for file in part["files"]:
            files.setdefault(file["table"], []).append(f"{base}/{file['path']}")
    for table, paths in files.items():
        spark.read.parquet(*paths).createOrReplaceTempView(table)
    return manifest


def run_sql(spark, export, results, names):
    """Runs portable queries. Each result is Parquet below `sql=NAME`, beside it what it is of. Returns the digests."""
    import holdfast_sql

    manifest = register(spark, export)
    base = uri_of(results)
    digests = {}
    for name in names:
        text, keys, measures = holdfast_sql.query(manifest["model"], name)
        rows = f"{base}/sql={name}/rows"
        spark.sql(text).write.mode("overwrite").parquet(rows)
        # Of what was written.
        spark.read.parquet(rows).createOrReplaceTempView("holdfast_rows")
        row = spark.sql(holdfast_sql.digest_query("SELECT * FROM holdfast_rows", keys, measures)).collect()[0]
        digests[name] = holdfast_sql.digest(row, measures)
        of = {"query": name, "as_of_block": manifest["as_of_block"], "input": manifest["input"], "digest": digests[name]}
        # Tags and clusters may be of an earlier block.
        of["tables"] = {table["table"]: table["as_of_block"] for table in manifest["tables"]}
        with tempfile.TemporaryDirectory() as work:
            path = f"sql={name}/result.json"
            pathlib.Path(work, path).parent.mkdir(parents=True)
            pathlib.Path(work, path).write_text(json.dumps(of, indent=2))
            store(work, path, results)
    return digests


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default="holdfast-analytics", help="the program, on every executor")
    parser.add_argument("--export", required=True, help="folder of a chain's manifest")
    parser.add_argument("--results", required=True, help="folder for results")
    parser.add_argument("--kernels", nargs="*", default=[], choices=["forest", "features", "balances", "statistics"])
    parser.add_argument("--sql", nargs="*", default=[], help="names of portable queries")
    chosen = parser.parse_args()
    if not chosen.kernels and not chosen.sql:
        parser.error("name --kernels or --sql")
    spark = SparkSession.builder.appName("holdfast-analytics").getOrCreate()
    outcomes, tasks = run_kernels(spark, chosen.program, chosen.export, chosen.results, chosen.kernels) if chosen.kernels else ([], [])
    digests = run_sql(spark, chosen.export, chosen.results, chosen.sql) if chosen.sql else {}
    json.dump({"kernels": outcomes, "tasks": len(tasks), "sql": digests}, sys.stdout, indent=2)
    print()
    spark.stop()


if __name__ == "__main__":
    main()
