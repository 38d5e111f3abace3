# SPDX-License-Identifier: MIT
"""What the part `libraries` measures: an entry for each thing that an optional stage warms, with a client whose first
call (or whole start) it should make shorter. Each runs cold, warmed without the stage, and warmed with it."""

from typing import NamedTuple, Tuple

import library_files
from clients import CLIENTS, TORCH, Client

BASE = "driver,context,kernel,memory"  # the stages that are there in both warmed arms


class Entry(NamedTuple):
    name: str
    title: str  # of what is warmed, and by which program it is seen
    stage: str
    client: Client
    trigger: str  # GPUWARM_TRIGGER of the warmed arms
    field: str  # what should become shorter: "first" or "to_first"
    count: str  # a name in kit.COUNTS
    caches: Tuple[str, ...] = ("warm",)  # states of the page cache: "dropped", "warm"
    settings: Tuple[Tuple[str, str], ...] = ()  # variables in all arms


def arms(entry, known=True):
    """name: (trigger, variables); without the arm that needs the stage where the library does not know it."""
    found = {"cold": (None, {}), "without": (entry.trigger, {"GPUWARM_STAGES": BASE})}
    if known:
        found["with"] = (entry.trigger, {"GPUWARM_STAGES": f"{BASE},{entry.stage}"})
    return {name: (trigger, dict(entry.settings, **variables)) for name, (trigger, variables) in found.items()}


def library_client(name, title, file, needs):
    command = ("{build}/gpu/clients/library", name, file or f"lib{name}.so")
    return Client(f"library-{name}", title, command, needs, kind="library", doubles=True)


def library_entry(kit, name, title):
    """The entry of a library, seen by clients/library.c: the real one where there is a GPU, else the stand-in."""
    if kit.simulated:
        client = library_client(name, f"stand-in for {title}", f"{{build}}/gpu/standins/lib{name}.so", ())
        return Entry(name, f"stand-in for {title}", "libraries", client, "serve", "first", "library")
    file = library_files.find(name)
    client = library_client(name, title, file, ("gpu", f"library:{name}"))
    path = (("LD_LIBRARY_PATH", library_files.search_path(kit.environment.get("LD_LIBRARY_PATH", ""))),)
    return Entry(name, f"{title}, C", "libraries", client, "serve", "first", "library", settings=path)


def torch_entry(name, title):
    """The entry of a library as PyTorch uses it."""
    command = ("{python}", "-B", "{clients}/torch_library.py", name)
    client = Client(f"torch-{name}", f"{title}, PyTorch", command, TORCH, kind="library")
    return Entry(f"torch-{name}", f"{title}, PyTorch", "libraries", client, "serve", "first", "library")


def prefetch_entry(name, title):
    """The prefetch, seen by a client of the table from its start to its first result, with files in memory and not."""
    client = next(client for client in CLIENTS if client.name == name)._replace(seconds=180)
    caches = ("dropped", "warm")
    return Entry(f"prefetch-{name}", f"prefetch, {title}", "prefetch", client, "load", "to_first", "prefetch", caches)


def entries(kit):
    """All of them; what cannot run here says so when it is asked (client_run.lacking)."""
    return (
        library_entry(kit, "cublas", "cuBLAS"),
        library_entry(kit, "cudnn", "cuDNN"),
        prefetch_entry("driver", "driver API"),
        torch_entry("cublas", "cuBLAS"),
        torch_entry("cudnn", "cuDNN"),
        prefetch_entry("torch-matmul", "PyTorch matmul"),
    )
