"""A request's parts, found by simple means, for the tests of reasons."""

import re

SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}(?![0-9A-Fa-f])")
TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
EXTENSION = re.compile(
    rb"(?:;[ \t]*%s(?:[ \t]*=[ \t]*(?:%s|%s))?(?:[ \t]+(?=;))?)*" % (TOKEN, TOKEN, QUOTED))
BODY_LIMIT = 1 << 20


class View:
    """One request at the front of `bytes`, which may be wrong in any way."""

    def __init__(self, bytes_):
        self.bytes = bytes_
        text = bytes_[2:] if bytes_.startswith(b"\r\n") else bytes_
        head, _, rest = text.partition(b"\r\n\r\n")
        self.line, *self.lines = head.split(b"\r\n")
        self.method, _, target = self.line.partition(b" ")
        self.target, _, self.version = target.rpartition(b" ")
        self.raw_names = [line.partition(b":")[0] for line in self.lines]
        self.names = [name.lower() for name in self.raw_names]
        self.trailer_lines, self.chunk_fault, self.has_extension_space = [], None, False
        # Where lines are: not in bodies of a known length.
        self.framing_bytes = head + b"\r\n"
        if b"transfer-encoding" in self.names:
            self.framing_bytes = text
            self.read_chunks(rest)
        self.trailer_names = [line.partition(b":")[0] for line in self.trailer_lines]

    def values(self, name):
        return [line.partition(b":")[2].strip(b" \t") for line in self.lines
                if line.partition(b":")[0].lower() == name]

    def read_chunks(self, rest):
        """Sets `chunk_fault` to the first fault of the chunked body, and `trailer_lines`."""
        total = 0
        while True:
            size = SIZE.match(rest)
            if size is None or int(size[0], 16) >= 1 << 63:
                self.chunk_fault = "size"
                return
            extension = EXTENSION.match(rest, size.end())
            if rest[extension.end():extension.end() + 2] != b"\r\n":
                self.chunk_fault = "extension" if rest[size.end():size.end() + 1] == b";" else "size"
                return
            if re.search(rb"[ \t]", re.sub(QUOTED, b"", extension[0])):
                self.has_extension_space = True
            count = int(size[0], 16)
            total += count
            if total > BODY_LIMIT:
                self.chunk_fault = "large"
                return
            data = extension.end() + 2
            if count == 0:
                self.trailer_lines = (b"\r\n" + rest[data:]).partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
                return
            if rest[data + count:data + count + 2] != b"\r\n":
                self.chunk_fault = "end"
                return
            rest = rest[data + count + 2:]
