# SPDX-License-Identifier: MIT
"""A server on ZeroMQ: a REP socket, whose connections are accepted by a thread of libzmq's."""
import os

import zmq

import gpu

server = zmq.Context.instance().socket(zmq.REP)
server.bind(f"tcp://127.0.0.1:{os.environ['PORT']}")
while True:
    server.recv()
    server.send_string(gpu.answer())
