# SPDX-License-Identifier: MIT
"""What is said of a framework in table.py."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    """{port}, {scratch}, {bin}, {venv}, {build}, {root} and {apps} stand in words of commands and environment; PORT and
    SCRATCH are in the environment too. Apps are found by name: those of apps/ and of tests/servers."""
    name: str
    title: str  # how it is started, for people
    group: str  # its virtual environment
    package: str  # whose version is shown: a package of PyPI, or a program with the argument that prints it
    command: tuple
    auto: str = "WARM"  # the verdict that is expected (verdict.py) with LD_PRELOAD alone; "LATE|COLD": either
    wasted: int = 0  # and how many processes are warmed and never use the GPU
    setting: str = ""  # what the page names, where `auto` is not enough
    with_setting: str = ""
    setting_wasted: int = 0
    workers: int = 1  # how many processes use the GPU; each must have answered
    request: str = "GET /"
    client: tuple = ()  # asks in place of HTTP, and prints lines of milliseconds and an answer
    local: bool = False  # listens on the local socket {scratch}/socket
    ready: str = ""  # what it writes when it is ready, where it listens on no port of ours
    environment: tuple = ()
    needs: tuple = ()  # programs without which it is skipped
    notes: str = ""
    ci: bool = False  # one of the few minutes that every change is tested with
