"""Kernels on a standalone Spark of so many workers of one core: spark_speed.py WORKERS PROGRAM EXPORT RESULTS KERNEL...
Prints what Spark's own log of events says of the stage that ran the kernels, and the digests, as JSON."""
import json
import pathlib
import sys
import tempfile

from cluster import Cluster, step

import holdfast_spark

workers, program, export, results, *kernels = sys.argv[1:]


def stages(folder):
    """Of each stage that ended: how many tasks it had, and its seconds from submission to completion."""
    for file in pathlib.Path(folder).rglob("*"):
        if not file.is_file():
            continue
        for line in file.read_text().splitlines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("Event") == "SparkListenerStageCompleted":
                info = event["Stage Info"]
                yield info["Number of Tasks"], (info["Completion Time"] - info["Submission Time"]) / 1000


with tempfile.TemporaryDirectory() as events:
    logged = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": f"file://{events}", "spark.eventLog.compress": "false"}
    with Cluster(int(workers), logged) as cluster:
        outcomes, tasks = holdfast_spark.run_kernels(cluster.spark, program, export, results, kernels)
        step("kernels done")
        cluster.spark.stop()
    # The stage with a task for each kernel and segment.
    seconds = sum(seconds for count, seconds in stages(events) if count == len(tasks))
    print(json.dumps({"stage_seconds": seconds, "tasks": len(tasks), "digests": [outcome["digests"] for outcome in outcomes]}))
