# SPDX-License-Identifier: MIT
"""The client of celery_app.py: celery_ask.py COUNT PROCESSES prints the answers to at least as many tasks, from as many
processes. It opens no driver.
"""
import os
import sys

os.environ["SERVER_LAZY"] = "1"
import celery_app

count, processes = int(sys.argv[1]), int(sys.argv[2])
answers = []
for _ in range(4):
    results = [celery_app.answer.delay() for _ in range(count)]
    answers += [result.get(timeout=20, interval=0.05) for result in results]
    if len({line.split()[0] for line in answers}) >= processes:
        break
sys.stdout.writelines(answers)
