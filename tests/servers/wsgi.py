# SPDX-License-Identifier: MIT
"""A WSGI application, for gunicorn and waitress."""
import gpu


def app(environ, start_response):
    body = gpu.answer().encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
