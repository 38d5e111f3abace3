# SPDX-License-Identifier: MIT
"""A Quart application, for `quart run`."""
import quart

import gpu

app = quart.Quart(__name__)


@app.route("/")
async def answer():
    return gpu.answer()
