# SPDX-License-Identifier: MIT
"""An HTTP service on the GPU: service.py WORK [--device cuda|cpu] [--cublas FILE]

WORK is one of torch_models.py's, or, on the simulated driver, `standin` or `standin-model` (service_standin.py). As with
most services, a model is moved to the GPU before it listens, and an operation without a model first uses the GPU in its
first request. It runs under uvicorn, or on Python's http.server where that is not installed, and says which:

    listening on 127.0.0.1:PORT with uvicorn 0.30.1

/ computes and answers with numbers of the outcome, /ready answers without the GPU, /expected with the same numbers as
the CPU computes them, /versions with versions. It answers one request at a time, on its initial thread."""

import argparse
import http.server
import json
import platform
import socket

NUMBERS = 64  # of an outcome, evenly spread over it, are in an answer


class TorchWork:
    def __init__(self, work, device):
        import torch
        import torch_models

        self.torch = torch
        self.device = torch_models.device_of(device)
        self.versions = torch_models.versions
        if work in torch_models.MODELS:
            model, image = torch_models.model_and_input(work)
            self.inputs, self.on_cpu = (image,), model
            expected = self.compute(self.on_cpu, "cpu")
            self.function = model.to(self.device)
            self.expected = lambda: expected
        else:
            self.inputs, self.function = torch_models.operation(work)
            self.expected = lambda: self.compute(self.function, "cpu")

    def compute(self, function, device):
        with self.torch.inference_mode():
            outcome = function(*(tensor.to(device) for tensor in self.inputs)).cpu().flatten()
        return outcome[:: len(outcome) // NUMBERS | 1].tolist()

    def answer(self):
        return self.compute(self.function, self.device)


def work_make(given):
    if given.work.startswith("standin"):
        import service_standin

        return service_standin.Work(given.work, given.cublas)
    return TorchWork(given.work, given.device)


def respond(work, path):
    """(status, body) of a request."""
    makers = {"/": work.answer, "/ready": lambda: "ready", "/expected": work.expected, "/versions": work.versions}
    if path not in makers:
        return 404, b"no such page\n"
    try:
        return 200, json.dumps(makers[path](), default=str).encode() + b"\n"
    except Exception as problem:  # pylint: disable=broad-except
        return 500, f"{type(problem).__name__}: {problem}".encode()


def asgi(work):
    """The ASGI application."""

    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        status, body = respond(work, scope["path"])
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def handler(work):
    """The same for http.server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        wbufsize = -1  # head and body leave in one piece

        def do_GET(self):
            status, body = respond(work, self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    return Handler


def listen_say(port, server):
    print(f"listening on 127.0.0.1:{port} with {server}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--cublas", help="a stand-in's: the library that computes")
    work = work_make(parser.parse_args())
    try:
        import uvicorn
    except ImportError:
        server = http.server.HTTPServer(("127.0.0.1", 0), handler(work))
        listen_say(server.server_port, f"Python's http.server {platform.python_version()}")
        server.serve_forever()
        return
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(asgi(work), lifespan="off", log_level="warning", access_log=False)
    listen_say(listener.getsockname()[1], f"uvicorn {uvicorn.__version__}")
    uvicorn.Server(config).run(sockets=[listener])


main()
