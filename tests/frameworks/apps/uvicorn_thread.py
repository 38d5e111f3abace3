# SPDX-License-Identifier: MIT
"""A program that runs uvicorn in a thread beside work of its own, as notebooks and user interfaces do."""
import os
import threading

import uvicorn

from asgi import app

threading.Thread(target=uvicorn.run, args=(app,), kwargs={"port": int(os.environ["PORT"])}, daemon=True).start()
threading.Event().wait()
