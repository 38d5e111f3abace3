# SPDX-License-Identifier: MIT
"""The standard library's http.server, as it is used by hand: one thread, one request at a time."""
import http.server
import sys

import gpu


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = gpu.answer().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = getattr(http.server, sys.argv[1])
server(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
