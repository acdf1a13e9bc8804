"""A shop's own website: a plain server on another origin than the platform's."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_Page = tuple[bytes, dict[str, str]]


class Website:
    """Pages by path, each with headers of its own, such as a `Content-Security-Policy`."""

    def __init__(self, port: int, pages: dict[str, _Page]) -> None:
        self.port = port
        self.origin = f"http://shop.localhost:{port}"
        """What browsers take for a secure context."""
        self.insecure_origin = f"http://shop.test:{port}"
        """The same pages at a name that browsers trust less; known only inside the Chromium of tests."""
        self._pages = pages

    def put(self, path: str, body: str, headers: Mapping[str, str] | None = None) -> str:
        """Put a page there, HTML unless its headers say otherwise, and give its URL."""
        self._pages[path] = (body.encode(), {"Content-Type": "text/html; charset=utf-8", **(headers or {})})
        return self.origin + path


@contextmanager
def open_website() -> Iterator[Website]:
    """Serve a website on a free port."""
    pages: dict[str, _Page] = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Website(server.server_port, pages)
        finally:
            server.shutdown()
            thread.join()


def _handler(pages: Mapping[str, _Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, headers = pages.get(urlsplit(self.path).path, (b"", {}))
            # Browsers ask for an icon by themselves; an empty answer keeps the console quiet.
            self.send_response(HTTPStatus.OK if headers else HTTPStatus.NO_CONTENT)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """The test tells what it wants to be told."""

    return Handler
