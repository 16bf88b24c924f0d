"""A proxy that cuts answers short and hides it, as some proxies do."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override


@dataclass
class Cut:
    """Where the proxy listens, and what it does.

    Attributes:
        port: Its port.
        bytes: Bytes of an answer to a POST that it lets pass; all if None.
        honest: Whether it breaks the connection there, rather than end the answer as if it were whole.
    """

    port: int
    bytes: int | None = None
    honest: bool = False


@contextmanager
def cutting_proxy(upstream: int) -> Iterator[Cut]:
    """A proxy before the service at a port; what it does can be changed at any time."""

    class Handler(BaseHTTPRequestHandler):
        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._pass_on(None)

        def do_POST(self) -> None:
            self._pass_on(cut.bytes)

        def _pass_on(self, n_bytes: int | None) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", upstream, timeout=60)
            connection.request(self.command, self.path)
            answer = connection.getresponse()
            whole = answer.read()
            connection.close()
            sent = whole[:n_bytes]
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name not in {"transfer-encoding", "content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(whole if cut.honest else sent)))
            self.end_headers()
            self.wfile.write(sent)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cut = Cut(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield cut
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
