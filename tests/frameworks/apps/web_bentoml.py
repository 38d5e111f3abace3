# SPDX-License-Identifier: MIT
"""A BentoML service."""
import bentoml

import gpu


@bentoml.service(workers=1)
class Gpu:
    @bentoml.api
    def answer(self) -> str:
        return gpu.answer()
