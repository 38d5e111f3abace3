# SPDX-License-Identifier: MIT
"""A Gradio interface with one function."""
import os

import gradio

import gpu

def answer() -> str:
    return gpu.answer()


with gradio.Blocks() as demo:
    gradio.api(answer, api_name="answer")
demo.launch(server_name="127.0.0.1", server_port=int(os.environ["PORT"]), quiet=True)
