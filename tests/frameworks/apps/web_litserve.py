# SPDX-License-Identifier: MIT
"""A LitServe API. CUDA is loaded where LitServe says that models are: in the worker, which it spawns."""
import os

import litserve


class Api(litserve.LitAPI):
    def setup(self, device):
        import gpu
        self.gpu = gpu

    def predict(self, request):
        return self.gpu.answer()


if __name__ == "__main__":
    litserve.LitServer(Api(), accelerator="cpu").run(host="127.0.0.1", port=int(os.environ["PORT"]),
                                                     generate_client_file=False)
