# SPDX-License-Identifier: MIT
"""A Celery application. Its broker is a folder (CELERY_FOLDER), so there is no server but the worker."""
import os

import celery

import gpu

folder = os.environ["CELERY_FOLDER"]
for name in ("tasks", "results"):
    os.makedirs(os.path.join(folder, name), exist_ok=True)
app = celery.Celery("celery_app", broker="filesystem://", backend=f"file://{folder}/results")
tasks = os.path.join(folder, "tasks")
app.conf.broker_transport_options = {
    "data_folder_in": tasks, "data_folder_out": tasks, "control_folder": os.path.join(folder, "control"),
    "polling_interval": 0.05}
# All tasks are fetched at once: with this kind of broker the worker looks for more only every two seconds.
app.conf.worker_prefetch_multiplier = 0


@app.task
def answer():
    return gpu.answer()
