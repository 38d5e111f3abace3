# SPDX-License-Identifier: MIT
"""A client on ONNX Runtime: a session on a network of one convolution and a ReLU. Making the session is the first use
of the GPU, timed as setup. The network is written here, in ONNX's own format (protocol buffers), so that no other
package and no file is needed."""

import gpuclient
import numpy
import onnxruntime

CHANNELS, SIZE = 16, 112
VARINT, BYTES = 0, 2  # wire types


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """One field: an int, a text, or a message that is a list of fields."""
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    data = value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else b"".join(value)
    return varint(number << 3 | BYTES) + varint(len(data)) + data


def tensor_type(name, shape):
    """ValueInfoProto of a float tensor."""
    dimensions = [field(1, [field(1, size)]) for size in shape]
    return [field(1, name), field(2, [field(1, [field(1, 1), field(2, dimensions)])])]


def node(operator, inputs, output):
    """NodeProto."""
    return [field(1, name) for name in inputs] + [field(2, output), field(4, operator)]


def network(weights):
    """ModelProto: y = relu(conv(x, w))."""
    inside = SIZE - 2
    w = [field(1, size) for size in weights.shape] + [field(2, 1), field(8, "w"), field(9, weights.tobytes())]
    graph = [
        field(1, node("Conv", ("x", "w"), "c")),
        field(1, node("Relu", ("c",), "y")),
        field(2, "network"),
        field(5, w),
        field(11, tensor_type("x", (1, 3, SIZE, SIZE))),
        field(12, tensor_type("y", (1, CHANNELS, inside, inside))),
    ]
    return b"".join([field(1, 8), field(7, graph), field(8, [field(1, ""), field(2, 13)])])


def main():
    given = gpuclient.arguments()
    provider = "CPUExecutionProvider" if given.device == "cpu" else "CUDAExecutionProvider"
    if provider not in onnxruntime.get_available_providers():
        gpuclient.skip("this ONNX Runtime has no CUDA provider")
    random = numpy.random.RandomState(1)
    weights = random.rand(CHANNELS, 3, 3, 3).astype("float32") - 0.5
    image = random.rand(1, 3, SIZE, SIZE).astype("float32")
    model, sessions = network(weights), []

    def setup():
        sessions.append(onnxruntime.InferenceSession(model, providers=[provider]))
        if sessions[0].get_providers()[0] != provider:
            gpuclient.skip("the CUDA provider of this ONNX Runtime does not load")

    def expect():
        inside = SIZE - 2
        sums = sum(
            numpy.einsum("oc,chw->ohw", weights[:, :, y, x], image[0, :, y : y + inside, x : x + inside])
            for y in range(3)
            for x in range(3)
        )
        return numpy.maximum(sums, 0)[None]

    gpuclient.measure(
        lambda: sessions[0].run(None, {"x": image})[0], expect, setup, lambda: {"ONNX-Runtime": onnxruntime.__version__}
    )


main()
