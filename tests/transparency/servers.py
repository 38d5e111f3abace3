# SPDX-License-Identifier: MIT
"""What the parts that run a server share: a free port on the loopback interface, waiting for it, and the judgement."""

import os
import socket
import time

import variants

START_SECONDS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port, server):
    """Waits until a connection is accepted; not when the server has ended or the time is up."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def compare(name, run, build, scratch, warms=True):
    """Runs `run` in every variant: it gives what the client saw and the pids that must not have been warmed. `warms`:
    somebody must be warmed where it serves; else nobody may."""
    driver = f"{build}/simcuda/libcuda.so.1"
    seen, good, words = {}, True, []
    for variant in variants.VARIANTS:
        folder = f"{scratch}/{name}-{variant}"
        os.makedirs(folder)
        env = variants.environment(build, variant, folder)
        if variants.VARIANTS[variant][1]:
            variants.preload(env, driver)
        seen[variant], forbidden = run(env, folder)
        if variant == "plain":
            continue
        processes, warmed = variants.seen(folder)
        words.append(f"{variant} in {processes} processes" + (f" ({len(warmed)} warmed)" if warmed else ""))
        same = seen[variant] == seen["plain"]
        if not same:
            for one, other in zip(seen["plain"], seen[variant]):
                if one != other:
                    print(f"  {name}: {variant}: DIFFERENT: {one!r}, with it {other!r}")
        if processes == 0:
            print(f"  {name}: {variant}: the library was in no process")
        expected = (len(warmed) > 0) == (warms and variant == "serve")
        if not expected:
            print(f"  {name}: {variant}: {len(warmed)} processes were warmed")
        if warmed & forbidden:
            print(f"  {name}: {variant}: warmed in the master")
        good &= same and processes > 0 and expected and not warmed & forbidden
    print(f"{name}: {len(seen['plain'])} observations; {', '.join(words)}: {'the same' if good else 'FAILED'}",
          flush=True)
    return good and len(seen["plain"]) > 0
