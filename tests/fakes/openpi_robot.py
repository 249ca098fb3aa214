"""A robot program in the environment of ``openpi-client``: observations come by stdin, plans go by stdout.

It imports nothing of this package: what drives the server here is openpi's client as it is published.
"""

import struct
import sys
import time

from openpi_client import msgpack_numpy
from openpi_client.websocket_client_policy import WebsocketClientPolicy


def receive():
    size = sys.stdin.buffer.read(4)
    return msgpack_numpy.unpackb(sys.stdin.buffer.read(struct.unpack(">I", size)[0])) if size else None


def reply(message):
    data = msgpack_numpy.packb(message)
    sys.stdout.buffer.write(struct.pack(">I", len(data)) + data)
    sys.stdout.buffer.flush()


def main():
    policy = WebsocketClientPolicy(host="127.0.0.1", port=int(sys.argv[1]), api_key=sys.argv[2])
    reply(policy.get_server_metadata())
    while (observation := receive()) is not None:
        began = time.perf_counter()
        try:
            answer = policy.infer(observation)
        except RuntimeError as error:  # how the client reports a line of text from the server
            reply({"error": str(error)})
            continue
        reply(
            {
                "actions": answer["actions"],
                "round_trip_ms": 1e3 * (time.perf_counter() - began),
                **answer["server_timing"],
            }
        )


main()
