"""HTTP/1.1 by hand, for what no client library would send or show."""

import re
import socket
from dataclasses import dataclass


@dataclass
class Response:
    status: int
    headers: dict  # names in lower case; a name that came twice is a failure
    body: bytes


class Closed(Exception):
    """The server closed where an answer was expected."""


class Connection:
    def __init__(self, server, timeout=10):
        self.socket = socket.create_connection((server.host, server.port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = server.address
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def request(self, method, target, *fields, body=None):
        """Sends a well-formed request. `fields` are whole header lines."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}", *fields]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))

    def ask(self, method, target, *fields, body=None):
        self.request(method, target, *fields, body=body)
        return self.read(method)

    def read(self, method="GET"):
        """The next answer. `method` is that of its request: HEAD's has no body."""
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [ -~]*", first)
        assert match, first
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            assert name.lower() not in headers, f"{name} came twice"
            headers[name.lower()] = value.strip()
        status = int(match[1])
        if method == "HEAD" or status < 200 or status in (204, 304):
            return Response(status, headers, b"")
        return Response(status, headers, self._exactly(int(headers["content-length"])))

    def is_closed(self):
        """Waits for the end of the stream; false if a byte comes instead."""
        if self.buffer:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _until(self, mark):
        while mark not in self.buffer:
            self._more()
        end = self.buffer.index(mark) + len(mark)
        taken, self.buffer = self.buffer[:end], self.buffer[end:]
        return taken

    def _exactly(self, count):
        while len(self.buffer) < count:
            self._more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise Closed(f"after {self.buffer[:200]!r}")
        self.buffer += data
