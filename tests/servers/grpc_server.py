# SPDX-License-Identifier: MIT
"""A gRPC server with a pool of threads; messages are plain bytes, so nothing has to be generated."""
import sys
from concurrent import futures

import grpc

import gpu


class Handler(grpc.GenericRpcHandler):
    def service(self, call):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: gpu.answer().encode())


server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Handler(),))
server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
server.start()
server.wait_for_termination()
