# SPDX-License-Identifier: MIT
"""A deployment of Ray Serve. CUDA is loaded in the replica, a process of Ray's."""
import os

import ray
from ray import serve


@serve.deployment
class Gpu:
    def __init__(self):
        import gpu
        self.gpu = gpu

    def __call__(self, request):
        return self.gpu.answer()


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100 << 20, _node_ip_address="127.0.0.1",
             _temp_dir=os.environ["SCRATCH"] + "/ray")
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])})
    serve.run(Gpu.bind(), blocking=True)
