# SPDX-License-Identifier: MIT
"""Part `nginx`: files from two workers, over a reload and a reopening of the logs; the master must not be warmed.

The program is taken out of Debian's package, which would start a service if it were installed.
"""

import concurrent.futures
import hashlib
import http.client
import os
import signal
import subprocess

import servers

REQUESTS, CLIENTS = 3000, 8
SIZES = (0, 1, 4095, 65536, 1 << 20)
CONFIGURATION = """
daemon off; master_process on; worker_processes 2; pid {folder}/pid; error_log {folder}/errors warn; user {user};
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
  server {{ listen unix:{folder}/socket; return 204; }}
}}
"""


def program(build):
    """Where nginx is: unpacked once, in the build folder."""
    folder = f"{build}/transparency/nginx"
    path = f"{folder}/usr/sbin/nginx"
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        subprocess.run("apt-get -qq download nginx && dpkg-deb -x nginx_*.deb . && rm nginx_*.deb", shell=True,
                       cwd=folder, stderr=subprocess.DEVNULL, check=True)
    return path


def fetch(port, numbers):
    """Asks for some files over one connection: what came, as (status, size, digest)."""
    seen = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in numbers:
        path = f"/{number % (len(SIZES) + 1)}"  # one that is not there, too
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # A worker that is replaced closes what is open and idle: a client asks again.
            connection.close()
            connection.request("GET", path)
            answer = connection.getresponse()
        body = answer.read()
        seen.append((answer.status, len(body), hashlib.sha256(body).hexdigest()))
    connection.close()
    return seen


def load(port):
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        batches = pool.map(lambda first: fetch(port, range(first, first + 20)), range(0, REQUESTS, 20))
        return [one for batch in batches for one in batch]


def prepare(folder, port):
    os.chmod(folder, 0o755)
    os.mkdir(f"{folder}/files")
    for number, size in enumerate(SIZES):
        with open(f"{folder}/files/{number}", "wb") as file:
            file.write(b"0123456789abcdef" * (size // 16) + b"x" * (size % 16))
    with open(f"{folder}/configuration", "w", encoding="ascii") as file:
        file.write(CONFIGURATION.format(folder=folder, port=port, user="root" if os.getuid() == 0 else "nobody"))


def runner(path):
    def run(env, folder):
        port = servers.free_port()
        prepare(folder, port)
        with open(f"{folder}/log", "wb") as log:
            server = subprocess.Popen([path, "-e", f"{folder}/errors", "-c", f"{folder}/configuration", "-p", folder],
                                      env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                      stderr=subprocess.STDOUT, start_new_session=True)
        try:
            seen = [("answers", servers.answers(port, server))]
            for step in (None, signal.SIGHUP, signal.SIGUSR1):
                if step:
                    server.send_signal(step)
                seen += [(str(step), load(port))]
            server.send_signal(signal.SIGQUIT)
            seen += [("exit status", server.wait(30))]
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
        for name in ("log", "errors"):
            with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as log:
                # A missing file is asked for on purpose, and said with the time and the pid.
                seen.append((name, [line for line in log if "No such file" not in line and "user\" directive" not in line]))
        return seen, {server.pid}

    return run


def part(build, scratch, _only):
    return servers.compare("nginx", runner(program(build)), build, scratch)
