# SPDX-License-Identifier: MIT
"""A Robyn application; Robyn reads its options (--processes) from the command line."""
import os

from robyn import Robyn

import gpu

app = Robyn(__file__)


@app.get("/")
def answer():
    return gpu.answer()


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["PORT"]))
