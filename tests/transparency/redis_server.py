# SPDX-License-Identifier: MIT
"""Part `redis`: redis-server under redis-benchmark, then what is in it, a saved copy (which forks), an orderly end.

Debian's redis-tools has the server's program too, under another name; the package redis-server would start a service.
"""

import os
import subprocess
import time

import servers

REQUESTS = 5000
BENCHMARK = "ping_inline,set,get,incr,lpush,lpop,sadd,hset,zadd,mset"
SCRIPT = [
    ["config", "get", "maxclients"], ["set", "a", "1"], ["incrby", "a", "41"], ["get", "a"], ["type", "mylist"],
    ["eval", "return redis.call('incr', KEYS[1])", "1", "b"], ["get", "key:__rand_int__"], ["dbsize"],
    ["get", "counter:__rand_int__"], ["llen", "mylist"], ["scard", "myset"], ["hlen", "myhash"],
    ["client", "no-evict", "on"], ["blpop", "nothing", "0.1"], ["bgsave"],
]


def client(port, folder, command):
    result = subprocess.run(["/usr/bin/redis-cli", "-p", str(port), *command], cwd=folder, timeout=60,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return " ".join(command), result.returncode, result.stdout, result.stderr


def saved(port, folder):
    """Waits for the copy that a forked child writes."""
    for _ in range(600):
        info = client(port, folder, ["info", "persistence"])[2]
        if "rdb_bgsave_in_progress:0" in info:
            return [line for line in info.split() if line.startswith("rdb_last_bgsave_status")]
        time.sleep(0.1)
    return ["not saved"]


def run(env, folder):
    name, port = f"{folder}/redis-server", servers.free_port()
    os.symlink("/usr/bin/redis-check-rdb", name)
    with open(f"{folder}/log", "wb") as log:
        server = subprocess.Popen(
            [name, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--unixsocket", f"{folder}/socket",
             "--dir", folder, "--daemonize", "no", "--io-threads", "2"],
            env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        seen = [("answers", servers.answers(port, server))]
        load = subprocess.run(["/usr/bin/redis-benchmark", "-p", str(port), "-n", str(REQUESTS), "-c", "20", "-q", "-t",
                               BENCHMARK], cwd=folder, timeout=120, capture_output=True, text=True, check=False)
        # Which measurements were finished, not how fast.
        finished = [line.split(":")[0] for line in load.stdout.replace("\r", "\n").split("\n") if "per second" in line]
        seen += [("benchmark", load.returncode, finished, load.stderr)]
        seen += [client(port, folder, command) for command in SCRIPT]
        seen += [("saved", saved(port, folder)), client(port, folder, ["shutdown", "nosave"])]
        seen += [("exit status", server.wait(30)), ("copy", os.path.getsize(f"{folder}/dump.rdb") > 0)]
    finally:
        server.kill()
        server.wait()
    with open(f"{folder}/log", encoding="utf-8") as log:
        seen.append(("complaints", [line for line in log if "gpuwarm[" in line or "crash" in line.lower()]))
    return seen, set()


def part(build, scratch, _only):
    # Its threads may be cancelled at any point (PTHREAD_CANCEL_ASYNCHRONOUS): nothing is done on them.
    return servers.compare("redis", run, build, scratch, warms=False)
