# SPDX-License-Identifier: MIT
"""A model for MLServer (mlserver/model-settings.json). It is loaded in MLServer's worker."""
from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.types import InferenceResponse


class Gpu(MLModel):
    async def load(self):
        import gpu
        self.gpu = gpu
        return True

    async def predict(self, payload):
        output = StringCodec.encode_output("answer", [self.gpu.answer()])
        return InferenceResponse(model_name=self.name, outputs=[output])
