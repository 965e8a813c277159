"""A wire that breaks: the server has the request, the client never hears the answer."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class CuttingProxy:
    """Passes bytes between clients and the server on `port`, and cuts the first answers to events that were sent.

    Attributes
    ----------
    port, address
        Where clients find it.
    cut
        How many answers were lost so far.
    """

    def __init__(self, port: int, answers: int = 1) -> None:
        self.cut = 0
        self._answers = answers
        self._port = port
        self._guard = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                posted = threading.Event()
                threading.Thread(target=self._requests, args=(client, server, posted), daemon=True).start()
                threading.Thread(target=self._replies, args=(client, server, posted), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, posted: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if b"POST /v1/" in data or b"POST /batch" in data:
                    posted.set()
                server.sendall(data)
        _hang_up(server)

    def _replies(self, client: socket.socket, server: socket.socket, posted: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                with self._guard:
                    if posted.is_set() and self.cut < self._answers:
                        self.cut += 1
                        break
                client.sendall(data)
        _hang_up(client)
        _hang_up(server)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
