# SPDX-License-Identifier: MIT
"""docs/frameworks.md from what `make test-frameworks` measured: page.py RESULTS.json prints it."""

import json
import sys

from table import LEFT_OUT, ROWS

HEAD = """# Does it work with mine?

Frameworks that people install from PyPI, and a few others, with the command that starts them. Find yours, and use the
setting beside it.

## What `auto` breaks

**A process that forks GPU workers after it began to serve**: a `ProcessPoolExecutor` (fork) made in a handler, a forked
`Process` for each job. Without the library it works. With `auto` the process itself is warmed, CUDA cannot be used in
what it forks afterwards, and every answer is CUDA error 3 (not initialized). Set `GPUWARM_TRIGGER=fork`: each child is
warmed when it is forked, and the parent is left alone. It works then; a worker that is made for a request still warms
while that request waits. No other framework below works otherwise than without the library.

## The frameworks

- **warm**: each process that uses the GPU was warmed before anybody connected.
- **late**: warmed only when the first client had connected.
- **cold**: not warmed. It works as without the library.
- **broken**: see above.
- **+N wasted**: so many processes were warmed, and hold a context, that never use the GPU.

The milliseconds are what the first request took: without the library, then with it. **They are simulated**: the
simulated driver takes 500 ms to start and 325 ms for a context, as published for real systems.

| framework | version | first request, without | `auto` | setting to use | with it | notes |
|---|---|---|---|---|---|---|
"""

TAIL = """
## How it was measured

`make test-frameworks` on {date}, on the simulated driver ([tests/simcuda](../tests/simcuda)), with Debian 12's Python
3.11. Each framework is started and left idle until it uses no processor any more. Nobody has connected then, and who is
warm is read from the driver's journal. Only then it is asked, until each of its workers has answered. The application
opens the driver when it is imported, as `import torch` would, and uses it in each request. The answers and the exit
status must be those of a run without the library. The expected verdicts are in
[tests/frameworks/table.py](../tests/frameworks/table.py); this page is generated (`make frameworks-page`).

## Not run

"""


def cell(seen):
    if not seen:
        return ""
    waste = f" +{seen['wasted']} wasted" if seen["wasted"] else ""
    if seen["verdict"] == "BROKEN":
        return f"**broken**{waste}"
    return f"{seen['verdict'].lower()}{waste}, {seen['first_ms']:.0f} ms"


def page(results):
    lines = []
    by_name = {seen["name"]: seen for seen in results}
    for row, seen in ((row, by_name[row.name]) for row in ROWS if row.name in by_name):
        needed = "none needed" if seen["auto"]["verdict"] == "WARM" else "none helps"
        setting = f"`{row.setting}`" if row.setting else needed
        words = (row.title, seen["version"], f"{seen['cold_ms']:.0f} ms", cell(seen["auto"]), setting,
                 cell(seen.get("with_setting")), row.notes)
        lines.append(f"| {' | '.join(words)} |")
    left_out = [f"- {title}: {reason}." for title, reason in LEFT_OUT]
    date = min(seen["date"] for seen in results)
    return "\n".join([HEAD.rstrip(), *lines, TAIL.format(date=date).rstrip() + "\n", *left_out])


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(page(json.load(file)))
