# SPDX-License-Identifier: MIT
"""Clients of what does not answer a plain request with plain text: timed.py KIND [PORT] prints a line for each answer,
how many milliseconds it took and what it was. It opens no driver."""
import json
import os
import sys
import time
import urllib.request

COUNT, SECONDS = 24, 60


def posted(url, data):
    body = json.dumps(data).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        return json.load(response)


def grpc(port):
    import grpc as library

    def ask():
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
        with library.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            return channel.unary_unary("/gpu/answer")(b"", timeout=SECONDS, wait_for_ready=True).decode()
    return ask


def gradio(port):
    url = f"http://127.0.0.1:{port}/gradio_api/call/answer"

    def ask():
        event = posted(url, {"data": []})["event_id"]
        with urllib.request.urlopen(f"{url}/{event}", timeout=SECONDS) as response:
            lines = [line for line in response.read().decode().splitlines() if line.startswith("data: ")]
        return json.loads(lines[-1].removeprefix("data: "))[0]
    return ask


def streamlit(port):
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect
    message, got = BackMsg(), ForwardMsg()
    message.rerun_script.query_string = ""

    def ask():
        with connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], proxy=None) as page:
            page.send(message.SerializeToString())
            while not got.delta.new_element.text.body:
                got.ParseFromString(page.recv(SECONDS))
            text = got.delta.new_element.text.body
            got.Clear()
            return text
    return ask


def mlserver(port):
    data = {"inputs": [{"name": "x", "shape": [1], "datatype": "INT32", "data": [1]}]}
    return lambda: posted(f"http://127.0.0.1:{port}/v2/models/gpu/infer", data)["outputs"][0]["data"][0]


def kserve(port):
    return lambda: posted(f"http://127.0.0.1:{port}/v1/models/gpu:predict", {"instances": [1]})["predictions"][0]


def zmq(port):
    import zmq as library

    def ask():
        with library.Context.instance().socket(library.REQ) as client:
            client.connect(f"tcp://127.0.0.1:{port}")
            client.send(b"")
            return client.recv_string()
    return ask


def celery():
    import celery_app
    return lambda: celery_app.answer.delay().get(timeout=SECONDS, interval=0.01)


def rq(port):
    import queue_rq
    import redis
    import rq as library
    queue = library.Queue(connection=redis.Redis("127.0.0.1", int(port)))

    def ask():
        job = queue.enqueue(queue_rq.answer)
        while not (result := job.latest_result(timeout=1)):
            pass
        return result.return_value
    return ask


def dramatiq():
    import queue_dramatiq
    return lambda: queue_dramatiq.answer.send().get_result(block=True, timeout=SECONDS * 1000)


def huey():
    import queue_huey
    return lambda: queue_huey.answer()(blocking=True, timeout=SECONDS)


def main(kind, *arguments):
    ask = globals()[kind](*arguments)
    for _ in range(COUNT):
        began = time.monotonic()
        text = ask()
        print(f"{(time.monotonic() - began) * 1000:.3f} {text.strip()}")


os.environ["SERVER_LAZY"] = "1"
main(*sys.argv[1:])
