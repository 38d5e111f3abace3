// SPDX-License-Identifier: MIT
// node's cluster, two workers of server.js: cluster.js PORT ADDON
'use strict';
const cluster = require('cluster');
const path = require('path');
cluster.setupPrimary({ exec: path.join(__dirname, '../../servers/server.js'), args: process.argv.slice(2) });
cluster.fork();
cluster.fork();
process.on('SIGTERM', () => process.exit(0));
