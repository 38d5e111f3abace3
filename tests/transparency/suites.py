# SPDX-License-Identifier: MIT
"""CPython's own test suites that are run, and what of them is left out and why. Read by cpython.py."""

# The longest first: several run at a time.
SUITES = {
    # Barriers and conditions wait for one another and for nothing that the library sees.
    "test_multiprocessing_spawn": ("*TestBarrier*", "*TestCondition*", "*test_wait_timeout", "*test_wait_integer"),
    "test_multiprocessing_fork": ("*TestBarrier*", "*TestCondition*", "*test_wait_timeout", "*test_wait_integer"),
    # Pure Python, or the garbage collector.
    "test_asyncio": ("*.test_tasks.*", "*.test_futures.*", "*.test_taskgroups.*", "*.test_sslproto.*",
                     "*.test_locks.*", "*.test_proactor_events.*", "*.test_waitfor.*"),
    "test_subprocess": (),
    # 30 seconds in which the test waits for a timeout.
    "test_signal": ("*test_siginterrupt_off",),
    "test_selectors": (),
    "test_threading": (),
    # VSOCK is a network, which must be there and is not loopback.
    "test_socket": ("*VSOCK*",),
    "test_os": (),
    # 10 seconds of another program's sleep.
    "test_poll": ("*test_poll2",),
    "test_select": (),
    "test_epoll": (),
    "test_httpservers": (),
    "test_socketserver": (),
}

# Asks for "the network" and means listening on the loopback interface.
RESOURCES = {"test_socketserver": "network"}
