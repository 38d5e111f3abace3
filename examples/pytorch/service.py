#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An HTTP service whose first request does the first GPU work: the situation that libgpuwarm started from.

Each request multiplies two matrices on the GPU and answers with what that took. As a plain program it serves with
Python's http.server; `service:app` is for ASGI servers (uvicorn), `service:application` for WSGI servers (gunicorn).

SERVICE_DEVICE   PyTorch's name of the device; default cuda:0, or cpu where PyTorch sees no GPU
SERVICE_WORK     torch (default), or driver: without PyTorch, an allocation and two copies through the driver API
"""

import ctypes
import http.server
import json
import os
import sys
import time


class TorchWork:
    def __init__(self) -> None:
        import torch

        self.torch = torch
        self.device = os.environ.get("SERVICE_DEVICE")

    def __call__(self) -> None:
        # Not asked before: the question initialises CUDA, and in the children that a process forks after that
        # (gunicorn --preload) PyTorch refuses to use it.
        self.device = self.device or ("cuda:0" if self.torch.cuda.is_available() else "cpu")
        a, b = (self.torch.rand(2048, 2048).to(self.device) for _ in range(2))
        (a @ b).sum().item()


class DriverWork:
    """What loads the driver at import, as PyTorch does, and initialises it at the first request."""

    BYTES = 1 << 20

    def __init__(self) -> None:
        self.cuda = ctypes.CDLL("libcuda.so.1")

    def call(self, name: str, *arguments: object) -> None:
        result = getattr(self.cuda, name)(*arguments)
        if result != 0:
            raise RuntimeError(f"{name} gave {result}")

    def __call__(self) -> None:
        context, memory = ctypes.c_void_p(), ctypes.c_uint64()
        sent = ctypes.create_string_buffer(b"x" * self.BYTES, self.BYTES)
        got = ctypes.create_string_buffer(self.BYTES)
        self.call("cuInit", 0)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
        self.call("cuCtxPushCurrent_v2", context)
        self.call("cuMemAlloc_v2", ctypes.byref(memory), ctypes.c_size_t(self.BYTES))
        self.call("cuMemcpyHtoD_v2", memory, sent, ctypes.c_size_t(self.BYTES))
        self.call("cuMemcpyDtoH_v2", got, memory, ctypes.c_size_t(self.BYTES))
        self.call("cuMemFree_v2", memory)
        self.call("cuCtxPopCurrent_v2", ctypes.byref(context))
        self.call("cuDevicePrimaryCtxRelease_v2", 0)
        assert got.raw == sent.raw


work = DriverWork() if os.environ.get("SERVICE_WORK") == "driver" else TorchWork()


def answer() -> bytes:
    start = time.perf_counter()
    work()
    took = (time.perf_counter() - start) * 1000
    return json.dumps({"pid": os.getpid(), "gpu_ms": round(took, 3)}).encode() + b"\n"


async def app(scope, receive, send):
    """ASGI."""
    if scope["type"] == "http":
        body = answer()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def application(environ, start_response):
    """WSGI."""
    body = answer()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = answer()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


if __name__ == "__main__":
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Handler)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
