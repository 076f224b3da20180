"""Kernels on a standalone Spark of a master and two workers, one of which is killed in the middle: spark.py PROGRAM EXPORT RESULTS KERNEL... -- QUERY...
Prints the outcomes, the digests of the queries, and how many tasks were run again, as JSON."""
import json
import os
import pathlib
import signal
import sys
import threading

from cluster import Cluster, step, wait_for

import holdfast_spark

program, export, results, *rest = sys.argv[1:]
kernels, queries = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
killed = []


def kill_one(worker):
    """Kills a worker, with its executor, once results come, while further ones are outstanding."""
    folder = pathlib.Path(results)
    done = lambda: len(list(folder.glob("kernel=*/segment=*/partial.json")))
    wait_for(lambda: done() >= 3, "three results")
    os.killpg(worker.pid, signal.SIGKILL)
    killed.append(done())
    step(f"a worker killed after {killed[0]} results")


with Cluster(2) as cluster:
    killer = threading.Thread(target=kill_one, args=[cluster.workers[0]])
    killer.start()
    outcomes, tasks = holdfast_spark.run_kernels(cluster.spark, program, export, results, kernels)
    killer.join()
    step("kernels done")
    assert cluster.workers[0].wait() == -signal.SIGKILL and cluster.workers[1].poll() is None
    assert killed[0] < len(tasks), f"{killed[0]} of {len(tasks)} results were there before a worker was killed"
    wait_for(lambda: cluster.executors() == 1, "the loss of an executor")
    digests = holdfast_spark.run_sql(cluster.spark, export, results, queries)
    step("queries done")
    again = sum(row["attempt"] > 0 for row in tasks)
    cluster.spark.stop()
    print(json.dumps({"kernels": outcomes, "sql": digests, "tasks": len(tasks), "killed_after": killed[0], "again": again}))
