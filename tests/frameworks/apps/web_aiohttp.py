# SPDX-License-Identifier: MIT
"""An aiohttp application, for gunicorn's aiohttp worker."""
from aiohttp import web

import gpu


async def answer(request):
    return web.Response(text=gpu.answer())


app = web.Application()
app.add_routes([web.get("/", answer)])
