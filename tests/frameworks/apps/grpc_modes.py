# SPDX-License-Identifier: MIT
"""gRPC servers: grpc_modes.py sync|aio|fork PORT. `fork`: two processes with one port, forked before gRPC begins."""
import asyncio
import os
import sys
from concurrent import futures

import grpc

import gpu

MODE, PORT = sys.argv[1], sys.argv[2]


class Handler(grpc.GenericRpcHandler):
    def service(self, call):
        return grpc.unary_unary_rpc_method_handler(self.answer_later if MODE == "aio" else self.answer)

    def answer(self, request, context):
        return gpu.answer().encode()

    async def answer_later(self, request, context):
        return gpu.answer().encode()


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(4), options=(("grpc.so_reuseport", 1),))
    server.add_generic_rpc_handlers((Handler(),))
    server.add_insecure_port(f"127.0.0.1:{PORT}")
    server.start()
    server.wait_for_termination()


async def serve_aio():
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Handler(),))
    server.add_insecure_port(f"127.0.0.1:{PORT}")
    await server.start()
    await server.wait_for_termination()


if MODE == "aio":
    asyncio.run(serve_aio())
elif MODE == "fork":
    if os.fork() == 0:
        serve()
    serve()
else:
    serve()
