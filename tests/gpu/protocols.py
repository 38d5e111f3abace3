# SPDX-License-Identifier: MIT
"""Requests to services on 127.0.0.1, one function a protocol: request(port, seconds) sends one, waits for the answer,
and says whether the numbers came back doubled (None where a protocol has no such numbers). OSError when there was none,
or when the service was silent for so many seconds."""

import http.client
import socket
import struct

COUNT = 4096
NUMBERS = struct.pack(f"={COUNT}f", *range(COUNT))
DOUBLES = struct.pack(f"={COUNT}f", *range(0, 2 * COUNT, 2))


def tcp(port, seconds):
    """The example server's protocol: a count and that many floats, answered by as many."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(struct.pack("=I", COUNT) + NUMBERS)
        while len(answer) < len(NUMBERS):
            part = connection.recv(65536)
            if not part:
                raise OSError("the server closed the connection")
            answer += part
    return answer == DOUBLES


def http_body(port, seconds, path="/"):
    """The body that GET over HTTP/1.1 gives; an answer other than 200 is an OSError that says what it was."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as problem:
        raise OSError(f"no answer: {problem!r}") from problem
    finally:
        connection.close()
    if response.status != 200:
        raise OSError(f"answered {response.status} {body[:200].decode(errors='replace')}")
    return body


def http_get(port, seconds, path="/"):
    """GET over HTTP/1.1, of which only matters that it is answered."""
    http_body(port, seconds, path)
