#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts a redis server without the library, and becomes the command: with_redis.sh PORT COMMAND... The server is the
# program that Debian's redis-tools has under another name: redis-server's package would start one of its own.
port=$1
shift
ln -s /usr/bin/redis-check-rdb "$SCRATCH/redis-server" || exit 1
env -u LD_PRELOAD "$SCRATCH/redis-server" --bind 127.0.0.1 --port "$port" --save '' --daemonize yes >/dev/null || exit 1
exec "$@"
