# SPDX-License-Identifier: MIT
"""gpuwarm-bench times the warm-up that the library makes: the same calls with the same arguments in the same order,
with nothing added but the waits by which asynchronous calls get a time of their own."""

import json
import os
import re

from support import KitCase

ASYNCHRONOUS = ("cuLaunchKernel", "cuMemsetD8Async", "cuMemcpyDtoHAsync_v2", "cuMemcpyHtoDAsync_v2")


class Bench(KitCase):
    def journal(self, argv, library=None):
        """What the driver saw: (function, detail without addresses) of each call; and the process."""
        file = os.path.join(self.folder, "journal")
        process = self.kit.run(argv, library, {"SIMCUDA_JOURNAL": file})
        with open(file, encoding="utf-8") as lines:
            fields = [line.rstrip("\n").split("\t") for line in lines]
        os.unlink(file)
        return [(field[3], re.sub(r"0x[0-9a-f]+", "0x", field[6])) for field in fields], process

    def bench(self, **settings):
        self.kit.environment.update(settings)
        calls, process = self.journal([self.kit.program("gpuwarm-bench")])
        return calls, process, [json.loads(line) for line in process.output]

    def test_it_makes_the_librarys_own_calls(self):
        library, _ = self.journal([self.kit.program("hosts/untouched")], "auto")  # its own calls come after
        calls, process, _ = self.bench()
        self.assertEqual(process.status, 0)
        without_waits = []
        for number, call in enumerate(calls[: len(calls) // 2]):
            if number and call[0] == "cuStreamSynchronize" and calls[number - 1][0] in ASYNCHRONOUS:
                continue
            without_waits.append(call)
        self.assertGreater(len(without_waits), 25)
        self.assertEqual(without_waits, library[: len(without_waits)])
        self.assertEqual(library[len(without_waits)][0], "cuCtxGetCurrent")

    def test_it_tells_every_call_of_both_passes(self):
        calls, _, events = self.bench()
        told = [event["call"] for event in events if event["event"] == "call" and not event["call"].startswith("dl")]
        waits = [
            number
            for number, call in enumerate(calls)
            if call[0] == "cuStreamSynchronize" and calls[number - 1][0] in ASYNCHRONOUS
        ]
        self.assertEqual(told, [call[0] for number, call in enumerate(calls) if number not in waits])
        self.assertEqual([event["pass"] for event in events if event["event"] == "pass"], [1, 2])

    def test_an_asynchronous_call_takes_at_least_as_long_until_it_is_done(self):
        _, _, events = self.bench()
        for event in events:
            if event["event"] == "call":
                (self.assertGreater if event["call"] in ASYNCHRONOUS else self.assertEqual)(
                    event["done_ms"], event["ms"]
                )

    def test_a_call_that_fails_is_told(self):
        _, process, events = self.bench(SIMCUDA_FAULT="cuMemAlloc_v2=2")
        self.assertEqual(process.status, 1)
        self.assertEqual({event["result"] for event in events if event.get("call") == "cuMemAlloc_v2"}, {2})
        self.assertIn(
            "cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY", [e for e in events if e["event"] == "pass"][0]["problem"]
        )

    def test_without_a_driver(self):
        del self.kit.environment["LD_LIBRARY_PATH"]
        process = self.kit.run([self.kit.program("gpuwarm-bench")])
        if process.status == 0:
            self.skipTest("there is a GPU here")
        self.assertEqual(json.loads(process.output[2])["result"], 303)
