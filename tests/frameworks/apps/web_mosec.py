# SPDX-License-Identifier: MIT
"""A Mosec service. CUDA is loaded in the worker, which Mosec starts."""
import mosec


class Gpu(mosec.Worker):
    def __init__(self):
        super().__init__()
        import gpu
        self.gpu = gpu

    def forward(self, data):
        return self.gpu.answer()


if __name__ == "__main__":
    server = mosec.Server()
    server.append_worker(Gpu, num=1)
    server.run()
