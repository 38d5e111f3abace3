# SPDX-License-Identifier: MIT
"""A Streamlit page. Streamlit runs it, and so loads CUDA, when the first visitor comes."""
import streamlit

import gpu

streamlit.text(gpu.answer())
