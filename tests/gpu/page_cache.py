# SPDX-License-Identifier: MIT
"""The page cache: which files a program maps, dropping them from memory, and how much of them is there. Dropping takes
nothing from anybody but time; what another process has mapped stays."""

import ctypes
import mmap
import os
import time

DROP = "/proc/sys/vm/drop_caches"
PAGE = mmap.PAGESIZE
PROT_READ, MAP_SHARED = 1, 1


def files_of(pid="self"):
    """The regular files that a process maps now; empty when it is gone."""
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as maps:
            names = {line.split(None, 5)[5].rstrip("\n") for line in maps if line.count("/")}
    except OSError:
        return set()
    return {name for name in names if name.startswith("/") and os.path.isfile(name)}


def files_used(kit, argv, seconds=60):
    """The files that a program maps while it runs, but for those that this process has mapped too."""
    until = time.monotonic() + kit.budget.limit(seconds)
    process, files = kit.start(argv), set()
    while process.ended_ns is None and time.monotonic() < until:
        files |= files_of(process.pid)
        process.wait_for(0.01, lambda line: False)
    kit.note(process.finish(1))
    return sorted(files - files_of())


def resident(path):
    """(bytes in memory, bytes) of a file; it reads none of them."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t) + (ctypes.c_int,) * 3 + (ctypes.c_long,)
    size = os.path.getsize(path)
    if not size:
        return 0, 0
    fd = os.open(path, os.O_RDONLY)
    try:
        start = libc.mmap(None, size, PROT_READ, MAP_SHARED, fd, 0)
    finally:
        os.close(fd)
    if start == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")
    pages = (ctypes.c_ubyte * (-(-size // PAGE)))()
    failed = libc.mincore(ctypes.c_void_p(start), ctypes.c_size_t(size), pages)
    libc.munmap(ctypes.c_void_p(start), ctypes.c_size_t(size))
    if failed:
        raise OSError(ctypes.get_errno(), "mincore")
    return min(size, PAGE * sum(page & 1 for page in pages)), size


def resident_share(files):
    """How much of these files is in memory, 0 to 1."""
    found = [resident(file) for file in files]
    return sum(there for there, _ in found) / max(1, sum(size for _, size in found))


def files_drop(files):
    """Asks the kernel to forget these files alone."""
    for file in files:
        fd = os.open(file, os.O_RDONLY)
        try:
            os.fsync(fd)  # what is not yet written stays
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)


def all_drop():
    """Asks the kernel to forget everything; False where that is not allowed."""
    try:
        with open(DROP, "w", encoding="ascii") as file:
            file.write("3\n")
    except OSError:
        return False
    return True


def drop(files, everything=True):
    """Drops these files, and everything else where that is allowed and wanted; gives how, as text."""
    if everything and all_drop():
        return "everything, by drop_caches"
    files_drop(files)
    return "the files that it maps, by posix_fadvise"
