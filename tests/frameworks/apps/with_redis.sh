#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts a redis server without the library, and becomes the command: with_redis.sh PORT COMMAND...
port=$1
shift
env -u LD_PRELOAD redis-server --bind 127.0.0.1 --port "$port" --save '' --daemonize yes >/dev/null || exit 1
exec "$@"
