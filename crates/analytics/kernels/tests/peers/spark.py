"""Kernels on a standalone Spark of a master and two workers, one of which is killed in the middle: spark.py PROGRAM EXPORT RESULTS KERNEL... -- QUERY...
Prints the outcomes, the digests of the queries, and how many tasks were run again, as JSON."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

analytics = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(analytics / "sql"), str(analytics / "spark")]
os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])
os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
os.environ["SPARK_LOCAL_IP"] = os.environ["SPARK_LOCAL_HOSTNAME"] = "127.0.0.1"
os.environ["SPARK_DAEMON_MEMORY"] = "256m"
# Short lives: little is worth compiling twice.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
os.environ["SPARK_DAEMON_JAVA_OPTS"] = JAVA

import holdfast_spark
import pyspark
from pyspark.sql import SparkSession

program, export, results, *rest = sys.argv[1:]
kernels, queries = rest[: rest.index("--")], rest[rest.index("--") + 1 :]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


began = time.monotonic()


def step(what):
    print(f"{time.monotonic() - began:6.1f} s: {what}", file=sys.stderr)


def wait_for(holds, what, seconds=120):
    for _ in range(seconds * 20):
        if holds():
            return
        time.sleep(0.05)
    raise SystemExit(f"{what} did not come in {seconds} s")


home = pathlib.Path(pyspark.__file__).parent
work = tempfile.TemporaryDirectory()
started = []


def start(name, kind, *arguments):
    """A daemon of Spark in a group of its own, with what it starts."""
    log = open(pathlib.Path(work.name, f"{name}.log"), "w")
    command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", *arguments]
    process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    started.append(process)
    return process


def log_of(name):
    return pathlib.Path(work.name, f"{name}.log").read_text()


try:
    port = free_port()
    master = start("master", "master.Master", "--port", str(port), "--webui-port", str(free_port()))
    workers = []
    for n in (1, 2):
        folder = pathlib.Path(work.name, f"worker{n}")
        options = ["--cores", "1", "--memory", "600m", "--work-dir", str(folder), "--webui-port", str(free_port())]
        workers.append(start(f"worker{n}", "worker.Worker", *options, f"spark://127.0.0.1:{port}"))
    for n in (1, 2):
        wait_for(lambda: "Successfully registered" in log_of(f"worker{n}"), f"worker {n}")
    session = SparkSession.builder.master(f"spark://127.0.0.1:{port}").appName("holdfast-analytics-test")
    settings = {
        "spark.executor.memory": "512m",
        "spark.driver.memory": "512m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": JAVA,
        "spark.executor.extraJavaOptions": JAVA,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.task.maxFailures": "4",
    }
    for key, value in settings.items():
        session = session.config(key, value)
    spark = session.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    executors = lambda: spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
    wait_for(lambda: executors() == 2, "both executors")
    step("a master and two workers")
    killed = []

    def kill_one():
        """Kills a worker, with its executor, once results come, while further ones are outstanding."""
        folder = pathlib.Path(results)
        done = lambda: len(list(folder.glob("kernel=*/segment=*/partial.json")))
        wait_for(lambda: done() >= 3, "three results")
        os.killpg(workers[0].pid, signal.SIGKILL)
        killed.append(done())
        step(f"a worker killed after {killed[0]} results")

    killer = threading.Thread(target=kill_one)
    killer.start()
    outcomes, tasks = holdfast_spark.run_kernels(spark, program, export, results, kernels)
    killer.join()
    step("kernels done")
    assert workers[0].wait() == -signal.SIGKILL and workers[1].poll() is None
    assert killed[0] < len(tasks), f"{killed[0]} of {len(tasks)} results were there before a worker was killed"
    wait_for(lambda: executors() == 1, "the loss of an executor")
    digests = holdfast_spark.run_sql(spark, export, results, queries)
    step("queries done")
    again = sum(row["attempt"] > 0 for row in tasks)
    spark.stop()
    print(json.dumps({"kernels": outcomes, "sql": digests, "tasks": len(tasks), "killed_after": killed[0], "again": again}))
finally:
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    work.cleanup()
