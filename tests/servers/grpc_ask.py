# SPDX-License-Identifier: MIT
"""The client of grpc_server.py: grpc_ask.py PORT COUNT prints as many answers, each over a connection of its own."""
import sys

import grpc

for _ in range(int(sys.argv[2])):
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}", options) as channel:
        ask = channel.unary_unary("/gpu/answer")
        sys.stdout.write(ask(b"", timeout=10, wait_for_ready=True).decode())
