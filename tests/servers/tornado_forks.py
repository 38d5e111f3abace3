# SPDX-License-Identifier: MIT
"""tornado as its guide has it: the sockets are bound, then the process forks its workers."""
import sys

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.process
import tornado.web

import gpu


class Handler(tornado.web.RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.write(gpu.answer())


sockets = tornado.netutil.bind_sockets(int(sys.argv[1]), "127.0.0.1")
tornado.process.fork_processes(int(sys.argv[2]))
server = tornado.httpserver.HTTPServer(tornado.web.Application([("/", Handler)]))
server.add_sockets(sockets)
tornado.ioloop.IOLoop.current().start()
