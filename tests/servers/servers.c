/* SPDX-License-Identifier: MIT */
/*
 * Each server of servers.def, three times: one that opened CUDA before it served is warmed once in each process that
 * serves, before anybody connects; one that opens it in a request is not; the kill switch kills.
 */
#include "server.h"
#include <criterion/criterion.h>

TestSuite(warmed, .init = run_setup, .fini = server_teardown);
TestSuite(lazy, .init = run_setup, .fini = server_teardown);
TestSuite(off, .init = run_setup, .fini = server_teardown);

/* Debian's, whatever else is in PATH. */
#define PYTHON(...)  LIST("/usr/bin/python3", __VA_ARGS__)
#define FLASK(...)   PYTHON("-m", "flask", __VA_ARGS__)
#define UVICORN(...) PYTHON("-m", "uvicorn", "--port", "{port}", __VA_ARGS__, "asgi:app")
#define GUNICORN(class, ...)                                                                                           \
    PYTHON("/usr/bin/gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--worker-class", class, __VA_ARGS__)
#define PROGRAM(...) LIST("{build}/tests/servers/" __VA_ARGS__)
#define JAVA                                                                                                           \
    LIST("/usr/bin/java", "-cp", "{build}/tests/servers", "Serve", "{port}", "{build}/tests/servers/gpu_java.so")
/* It passes on only the variables that it is told to. */
#define ACTIVATED(...)                                                                                                 \
    LIST("/usr/bin/systemd-socket-activate", "-l", "127.0.0.1:{port}", "-E", "LD_PRELOAD", "-E", "LD_LIBRARY_PATH",    \
         "-E", "SIMCUDA_JOURNAL", "-E", "SIMCUDA_LATENCY_MS", "-E", "GPUWARM_REPORT", "-E", "GPUWARM_TRIGGER", "-E",   \
         "SERVER_LAZY", "-E", "WITNESS", "{build}/tests/servers/" __VA_ARGS__)

#define LIBRARY run_build("libgpuwarm.so")
/* The witness is called first, so what it sees return went through the library. */
#define WITNESSED run_env("%s:%s", run_build("tests/servers/witness.so"), LIBRARY)

static void check_warmed(const struct server *server)
{
    const struct served *cold = server_run(server, NULL, NULL, false);
    const struct served *warm = server_run(server, WITNESSED, NULL, !server->activated);
    expect_same(cold, warm);
    expect_warmed_once(warm);
}

static void check_unwarmed(const struct server *server, const char *setting)
{
    const struct served *served = server_run(server, LIBRARY, LIST(setting), false);
    expect_works(served);
    expect_not_warmed(served);
}

/*
 * The first request loads CUDA and initialises it: then nothing is warmed any more. Where it does so on another thread,
 * the process may come to wait again in between, and be warmed there.
 */
static void check_lazy(const struct server *server)
{
    const struct served *served = server_run(server, LIBRARY, LIST("SERVER_LAZY=1"), false);
    expect_works(served);
    if (!server->threads)
        expect_not_warmed(served);
}

#define SERVER(name, ...)                                                                                              \
    Test(warmed, name)                                                                                                 \
    {                                                                                                                  \
        check_warmed(&(const struct server){__VA_ARGS__});                                                             \
    }                                                                                                                  \
    Test(lazy, name)                                                                                                   \
    {                                                                                                                  \
        check_lazy(&(const struct server){__VA_ARGS__});                                                               \
    }                                                                                                                  \
    Test(off, name)                                                                                                    \
    {                                                                                                                  \
        check_unwarmed(&(const struct server){__VA_ARGS__}, "GPUWARM_TRIGGER=off");                                    \
    }
#include "servers.def"
#undef SERVER
