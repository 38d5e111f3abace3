# SPDX-License-Identifier: MIT
"""An ASGI application, for uvicorn and gunicorn's uvicorn workers."""
import gpu


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body = gpu.answer().encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain"), length]})
    await send({"type": "http.response.body", "body": body})
