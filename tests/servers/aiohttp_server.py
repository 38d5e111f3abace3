# SPDX-License-Identifier: MIT
"""aiohttp's own server."""
import sys

from aiohttp import web

import gpu


async def answer(request):
    return web.Response(text=gpu.answer())


app = web.Application()
app.add_routes([web.get("/", answer)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
