#!/usr/bin/env python3
"""Runs a sweep of peakday on a Ray cluster: a task per shard, the results in one shared place.

    ray start --head                                   # on one machine; on others: ray start --address=HEAD:6379
    python contrib/ray_sweep.py sweep.yaml -o /shared/results --shards 200

Every task is `peakday sweep run SWEEP -o DIR --shard I/N`. A shard writes each finished run at once, whole or not
at all, and under a name that follows from what was simulated. So a task that is lost with its worker is simply
given to another one, which goes on where the first ended, and the result is the same bytes as that of one local
run. SWEEP, what it names and DIR must be reachable under the same path from all machines (a shared folder, or
`s3://bucket/folder` with a peakday that was built with `--features object-store`).

Take many more shards than there are workers: then none waits for the slowest. Exit codes are those of peakday:
0 all runs finished, 1 some failed, 2 usage, 3 the sweep is invalid; 130 interrupted (call it again to go on).
"""

import argparse
import os
import shutil
import subprocess
import sys
import time

import ray

INTERRUPTED = 130


def arguments():
    parser = argparse.ArgumentParser(
        description="Runs a sweep of peakday on a Ray cluster.",
        epilog="What stands behind -- is handed to peakday, for example: -- --set run.load=1.2",
    )
    parser.add_argument("sweep", metavar="SWEEP", help="the sweep file")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="where results go, on shared storage")
    parser.add_argument("--shards", type=positive, default=200, metavar="N", help="into so many parts (200)")
    parser.add_argument("--address", metavar="HOST:PORT", help="the cluster; left out: the one of this machine, or a new one")
    parser.add_argument("--peakday", default="peakday", metavar="PATH", help="the program, under the same path everywhere")
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="cores that a task takes (1)")
    parser.add_argument("--retries", type=natural, default=5, metavar="N", help="how often a task may lose its worker (5)")
    parser.add_argument("-v", "--verbose", action="store_true", help="say which worker takes which shard")
    parser.add_argument("peakday_arguments", nargs="*", metavar="-- ...", help=argparse.SUPPRESS)
    return parser.parse_args()


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("write 1 or more")
    return value


def natural(text):
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("write 0 or more")
    return value


@ray.remote
class Desk:
    """Where tasks say that they begin, so that the driver can tell who works on what."""

    def __init__(self):
        self.begun = []

    def begin(self, shard, worker, node):
        self.begun.append((shard, worker, node))

    def take(self):
        begun, self.begun = self.begun, []
        return begun


@ray.remote
def run_shard(command, shard, desk):
    """Runs one shard; returns its number, exit code and messages."""
    desk.begin.remote(shard, os.getpid(), ray.util.get_node_ip_address())
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        messages = process.communicate()[1]
    finally:
        # The task was cancelled: its process must not go on alone.
        process.kill()
    return shard, process.returncode, messages


def say(text):
    print(text, file=sys.stderr, flush=True)


def merge(peakday, options):
    """Puts the shards together; returns the exit code."""
    return subprocess.run([peakday, "sweep", "merge", options.output]).returncode


def main():
    options = arguments()
    peakday = shutil.which(options.peakday)
    if peakday is None:
        say(f"{options.peakday}: there is no such program\n  name it with --peakday")
        return 2
    peakday = os.path.abspath(peakday)
    run = [peakday, "sweep", "run", os.path.abspath(options.sweep), "-o", output(options.output), "--yes", "-q"]
    run += ["--threads", str(options.threads), *options.peakday_arguments]
    # What is wrong with the sweep is told once, and not by every task.
    checked = subprocess.run([peakday, "sweep", "plan", os.path.abspath(options.sweep), "-q", *options.peakday_arguments],
                             stdout=subprocess.DEVNULL)
    if checked.returncode:
        return checked.returncode
    ray.init(address=options.address, log_to_driver=False, include_dashboard=False if options.address is None else None)
    desk = Desk.options(num_cpus=0).remote()
    task = run_shard.options(num_cpus=options.threads, max_retries=options.retries)
    count = options.shards
    tasks = [task.remote([*run, "--shard", f"{i}/{count}"], i, desk) for i in range(1, count + 1)]
    try:
        worst = watch(tasks, desk, options.verbose)
    except KeyboardInterrupt:
        for each in tasks:
            ray.cancel(each)
        say("interrupted: what has finished is kept; the same command goes on")
        return INTERRUPTED
    if worst not in (0, 1):
        return worst
    return max(worst, merge(peakday, options))


def output(place):
    """Tasks have working folders of their own."""
    return place if "://" in place else os.path.abspath(place)


def watch(tasks, desk, verbose):
    """Waits for all shards and tells how far they are; returns the gravest exit code."""
    began, waiting, worst = time.monotonic(), list(tasks), 0
    while waiting:
        done, waiting = ray.wait(waiting, timeout=0.2)
        if verbose:
            for shard, worker, node in ray.get(desk.take.remote()):
                say(f"shard {shard} begins: worker {worker} on {node}")
        for each in done:
            shard, code, messages = ray.get(each)
            worst = max(worst, code if code >= 0 else 1)
            if code:
                say(f"shard {shard} ended with {code}\n{messages}".rstrip())
        if done:
            passed, finished = time.monotonic() - began, len(tasks) - len(waiting)
            left = passed / finished * len(waiting)
            say(f"{finished} of {len(tasks)} shards, {finished / passed:.1f} a second, {left:.0f} s left")
    return worst


if __name__ == "__main__":
    sys.exit(main())
