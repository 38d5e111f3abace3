# SPDX-License-Identifier: MIT
"""A KServe model server: web_kserve.py PORT WORKERS."""
import sys

import kserve

import gpu


class Gpu(kserve.Model):
    def load(self):
        self.ready = True
        return self.ready

    async def predict(self, payload, headers=None, response_headers=None):
        return {"predictions": [gpu.answer()]}


if __name__ == "__main__":
    model = Gpu("gpu")
    model.load()
    kserve.ModelServer(http_port=int(sys.argv[1]), workers=int(sys.argv[2]), enable_grpc=False).start([model])
