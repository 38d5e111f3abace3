// SPDX-License-Identifier: MIT
// node's http server, with CUDA in a native addon (gpu_node.c): server.js PORT ADDON
'use strict';
const http = require('http');
const gpu = { exports: {} };
process.dlopen(gpu, process.argv[3]);
http.createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.end(gpu.exports.answer());
}).listen(Number(process.argv[2]), '127.0.0.1');
