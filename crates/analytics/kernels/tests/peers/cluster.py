"""A standalone Spark as processes of this machine: a master, and workers of one core each."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
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

import pyspark
from pyspark.sql import SparkSession

SETTINGS = {
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
began = time.monotonic()


def step(what):
    print(f"{time.monotonic() - began:6.1f} s: {what}", file=sys.stderr)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(holds, what, seconds=120):
    for _ in range(seconds * 20):
        if holds():
            return
        time.sleep(0.05)
    raise SystemExit(f"{what} did not come in {seconds} s")


class Cluster:
    """Runs from `with` on; all of its processes end with it."""

    def __init__(self, workers, settings=()):
        self.count, self.settings = workers, {**SETTINGS, **dict(settings)}
        self.started, self.workers = [], []

    def __enter__(self):
        self.work = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.work.name)
        try:
            self.run()
        except BaseException:
            self.__exit__()
            raise
        return self

    def run(self):
        port = free_port()
        master = f"spark://127.0.0.1:{port}"
        self.start("master", "master.Master", "--port", str(port), "--webui-port", str(free_port()))
        for n in range(self.count):
            options = ["--cores", "1", "--memory", "600m", "--work-dir", str(self.folder / f"work{n}"), "--webui-port", str(free_port())]
            self.workers.append(self.start(f"worker{n}", "worker.Worker", *options, master))
        for n in range(self.count):
            wait_for(lambda: "Successfully registered" in (self.folder / f"worker{n}.log").read_text(), f"worker {n}")
        session = SparkSession.builder.master(master).appName("holdfast-analytics-test")
        for key, value in self.settings.items():
            session = session.config(key, value)
        self.spark = session.getOrCreate()
        self.spark.sparkContext.setLogLevel("ERROR")
        wait_for(lambda: self.executors() == self.count, "all executors")
        step(f"a master, workers: {self.count}")

    def start(self, name, kind, *arguments):
        """A daemon of Spark in a group of its own, with what it starts."""
        log = open(self.folder / f"{name}.log", "w")
        spark_class = pathlib.Path(pyspark.__file__).parent / "bin" / "spark-class"
        command = [str(spark_class), f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", *arguments]
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self.started.append(process)
        return process

    def executors(self):
        return self.spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1

    def __exit__(self, *_):
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.work.cleanup()
