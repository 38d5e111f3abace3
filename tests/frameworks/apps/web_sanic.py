# SPDX-License-Identifier: MIT
"""A Sanic application."""
from sanic import Sanic, text

import gpu

app = Sanic("frameworks")


@app.get("/")
async def answer(request):
    return text(gpu.answer())
