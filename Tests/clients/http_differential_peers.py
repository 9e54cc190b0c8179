"""Verdicts of llhttp (through httptools) and of h11, in the items that `http_differential_ours` has."""

import h11
import httptools

CLOSED = ("closed", "", "", b"")
END = ("end", "", "", b"")
INCOMPLETE = ("incomplete", "", "", b"")
REFUSED = ("refused", "", "", b"")


class Recorder:
    """Collects what httptools calls back."""

    def __init__(self):
        self.items = []
        self.parser = None
        self.forget()

    def forget(self):
        self.url, self.body, self.state = b"", b"", "idle"

    def on_message_begin(self):
        self.forget()
        self.state = "head"

    def on_url(self, url):
        self.url += url

    def on_headers_complete(self):
        self.state = "body"

    def on_body(self, body):
        self.body += body

    def item(self, kind):
        return kind, self.parser.get_method().decode(), self.url.decode("latin-1"), self.body

    def on_message_complete(self):
        if self.items and self.items[-1] == CLOSED:
            return
        self.items.append(self.item("request"))
        self.state = "idle"
        if not self.parser.should_keep_alive():
            self.items.append(CLOSED)


def read_with_llhttp(stream):
    recorder = Recorder()
    rest = stream
    while True:
        recorder.parser = httptools.HttpRequestParser(recorder)
        try:
            recorder.parser.feed_data(rest)
        except httptools.HttpParserUpgrade as upgrade:
            # Not switched to here either: what follows is the next request.
            if recorder.items[-1] == CLOSED:
                break
            rest = rest[upgrade.args[0]:]
            continue
        except httptools.HttpParserError:
            if not recorder.items or recorder.items[-1] != CLOSED:
                recorder.items.append(REFUSED)
            break
        if recorder.items and recorder.items[-1] == CLOSED:
            break
        ends = {"idle": END, "head": INCOMPLETE}
        recorder.items.append(ends.get(recorder.state) or recorder.item("partial"))
        break
    return recorder.items


def read_with_h11(stream):
    items = []
    while stream:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(stream)
        try:
            item, stream, persists = read_one(connection)
        except h11.RemoteProtocolError:
            return items + [REFUSED]
        items.append(item)
        if item[0] != "request":
            return items
        if not persists:
            return items + [CLOSED]
    return items + [END]


def persists(request):
    """Whether another request may follow. RFC 9112 §9.3; h11 itself keeps no HTTP/1.0 connection, and decides
    only after a possible Upgrade, which is ignored here."""
    options = [option.strip().lower() for name, value in request.headers if name == b"connection"
               for option in value.split(b",")]
    return b"close" not in options and (request.http_version == b"1.1" or b"keep-alive" in options)


def read_one(connection):
    """One request with h11. Returns its item, the bytes after it, and whether they may be another request."""
    request, body = None, b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif event is h11.NEED_DATA and request is None:
            return INCOMPLETE, b"", False
        else:
            kind = "request" if isinstance(event, h11.EndOfMessage) else "partial"
            item = kind, request.method.decode(), request.target.decode("latin-1"), bytes(body)
            return item, connection.trailing_data[0], persists(request)
