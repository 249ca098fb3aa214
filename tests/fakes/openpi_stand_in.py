"""A stand-in for the package ``openpi-client``, for programs that are run without it: the same wire, the same names."""

from pathlib import Path

CLIENT = """
from websockets.sync.client import connect

from wam_demo.wire import decode, encode


class WebsocketClientPolicy:
    def __init__(self, host, port):
        self._socket = connect(f"ws://{host}:{port}", compression=None, max_size=None, proxy=None)
        self._metadata = decode(self._socket.recv())

    def get_server_metadata(self):
        return self._metadata

    def infer(self, observation):
        self._socket.send(encode(observation))
        answer = self._socket.recv()
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return decode(answer)
"""


def install(folder: Path) -> Path:
    """Write the package below a folder; returns what goes on the path."""
    package = folder / "stand-in" / "openpi_client"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "websocket_client_policy.py").write_text(CLIENT)
    return package.parent
