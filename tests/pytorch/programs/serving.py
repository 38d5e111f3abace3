# SPDX-License-Identifier: MIT
"""A server in a program's initial thread, with a client of its own in another. The programs that serve use it."""

import http.server
import threading
import urllib.request


def serve(answer, requests):
    """Answers this many requests, each with `answer()`; what the client got."""
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = str(answer()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    def ask():
        for _ in range(requests):
            with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=300) as response:
                received.append(response.read().decode())

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        client = threading.Thread(target=ask)
        client.start()
        for _ in range(requests):
            server.handle_request()
        client.join()
    return received
