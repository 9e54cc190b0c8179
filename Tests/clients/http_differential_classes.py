"""Why Apus's verdict may differ from llhttp's or h11's: the table, and the tests of its reasons.

A reason is looked for in the bytes by expressions of its own, not by what our parser said alone.
"""

import re

from http_differential_view import View

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
METHODS = {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT"}
FIELDS = {
    b"host", b"accept", b"expect", b"connection", b"content-type", b"x-request-id", b"authorization",
    b"content-length", b"accept-encoding", b"content-encoding", b"transfer-encoding",
    b"inference-header-content-length",
}
TRAILERS = {
    b"te", b"host", b"expect", b"cookie", b"upgrade", b"trailer", b"connection", b"keep-alive", b"content-type",
    b"authorization", b"content-range", b"content-length", b"content-encoding", b"transfer-encoding",
    b"inference-header-content-length",
}
HOST = re.compile(rb"(\[[0-9A-Fa-f.]*(:[0-9A-Fa-f.]*){2,}\]|[A-Za-z0-9._~-]+)(:(\d*))?")
LENGTH = re.compile(rb"0|[1-9][0-9]{0,18}")


def is_host(value):
    match = HOST.fullmatch(value)
    return match is not None and int(match[4] or b"0") <= 65535


def is_length(value):
    return LENGTH.fullmatch(value) is not None and int(value) < 1 << 63


def any_name(view, test):
    return any(test(name) for name in view.raw_names + view.trailer_names)


def authority(view):
    match = re.match(rb"(?i)https?://([^/?]*)", view.target)
    return match[1] if match else None


def is_known_form(view):
    return (view.target.startswith(b"/") or authority(view) is not None
            or (view.target == b"*" and view.method == b"OPTIONS"))


# Sentence of our refusal, reason with its source, and what must be true of the bytes.
REFUSALS = [
    ("a line ends in LF alone", "bare LF is not a line end: the MAY of RFC 9112 §2.2 is not taken",
     lambda v: re.search(rb"(?<!\r)\n", v.framing_bytes)),
    ("a CR is not followed by LF", "bare CR, RFC 9112 §2.2",
     lambda v: re.search(rb"\r(?!\n)", v.framing_bytes)),
    ("control byte", "control byte in a line, RFC 9110 §5.5",
     lambda v: re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", v.framing_bytes)),
    ("more than one empty line", "one empty line is ignored before a request, RFC 9112 §2.2",
     lambda v: v.bytes.startswith(b"\r\n\r\n")),
    ("the first line is not a request line", "no method SP target SP version, RFC 9112 §3",
     lambda v: not re.fullmatch(TOKEN + rb" .+ .{8}", v.line, re.S)),
    ("the method is longer", "method over the limit, RFC 9112 §3",
     lambda v: re.match(TOKEN, v.line) and len(re.match(TOKEN, v.line)[0]) > 32),
    ("the method is not known", "a method without meaning here, RFC 9110 §15.6.2",
     lambda v: v.method not in METHODS),
    ("CONNECT is not supported", "no tunnels, RFC 9110 §9.3.6", lambda v: v.method == b"CONNECT"),
    (r"byte 0x.. found in the request target", "a byte that no target may hold, RFC 3986 §2",
     lambda v: re.search(rb"[^!-~]|[\"#<>\\]", v.target)),
    ("a % in the request target", "a malformed escape, RFC 3986 §2.1",
     lambda v: re.search(rb"%(?![0-9A-Fa-f]{2})", v.target)),
    ("the request target holds an escaped control", "an escaped NUL", lambda v: b"%00" in v.target),
    ("the request target has a form", "target form of another method, RFC 9112 §3.2",
     lambda v: not is_known_form(v)),
    ("the request target names no valid host", "invalid authority, RFC 9110 §4.2",
     lambda v: authority(v) is not None and not is_host(authority(v))),
    ("no protocol version", "malformed version, RFC 9112 §2.3",
     lambda v: not re.fullmatch(rb"HTTP/\d\.\d", v.version)),
    (r"HTTP/\d\.\d is not supported", "neither HTTP/1.1 nor HTTP/1.0, RFC 9110 §15.6.6",
     lambda v: v.version not in (b"HTTP/1.1", b"HTTP/1.0")),
    ("a header line begins with white space", "obs-fold or white space before the fields, RFC 9112 §2.2, §5.2",
     lambda v: re.search(rb"\r\n[ \t]", v.framing_bytes)),
    ("white space found between", "white space before the colon, RFC 9112 §5.1",
     lambda v: any_name(v, lambda name: name and name[-1:] in b" \t")),
    ("a field has no name", "empty field name, RFC 9112 §5", lambda v: any_name(v, lambda name: name == b"")),
    (r"byte 0x.. found in a field's name", "field name is no token, RFC 9110 §5.1",
     lambda v: any_name(v, lambda name: not re.fullmatch(TOKEN, name))),
    ("a header line has no colon", "no colon, RFC 9112 §5",
     lambda v: any(b":" not in line for line in v.lines + v.trailer_lines)),
    ("a field's name is .* with an underscore", "would be ours to a reader who takes _ for -",
     lambda v: any_name(v, lambda name: b"_" in name and name.lower().replace(b"_", b"-") in FIELDS)),
    ("field .* is given twice", "a field that may be given once, RFC 9110 §5.3",
     lambda v: any(v.names.count(name) > 1 for name in FIELDS)),
    ("field host is missing", "HTTP/1.1 without Host, RFC 9112 §3.2",
     lambda v: b"host" not in v.names and v.version == b"HTTP/1.1"),
    ("field host is not a valid host", "invalid Host, RFC 9112 §3.2",
     lambda v: any(not is_host(value) for value in v.values(b"host"))),
    ("field host differs", "Host is not the target's host, RFC 9112 §3.2.2",
     lambda v: authority(v) is not None and [authority(v).lower()] != [h.lower() for h in v.values(b"host")]),
    ("field expect holds", "unknown expectation, RFC 9110 §10.1.1",
     lambda v: any(value.lower() != b"100-continue" for value in v.values(b"expect"))),
    ("field inference-header-content-length is not", "not a number (Triton's binary tensor extension)",
     lambda v: any(not is_length(value) for value in v.values(b"inference-header-content-length"))),
    ("field content-length is not", "not one plain decimal below 2^63, RFC 9112 §6.3-5",
     lambda v: any(not is_length(value) for value in v.values(b"content-length"))),
    ("both content-length and transfer-encoding", "two framings, RFC 9112 §6.1",
     lambda v: b"content-length" in v.names and b"transfer-encoding" in v.names),
    ("transfer-encoding is given in an HTTP/1.0", "Transfer-Encoding in 1.0, RFC 9112 §6.1",
     lambda v: v.version == b"HTTP/1.0" and b"transfer-encoding" in v.names),
    ("field transfer-encoding is not exactly", "Transfer-Encoding is not chunked alone, RFC 9112 §6.3-4",
     lambda v: any(value.lower() != b"chunked" for value in v.values(b"transfer-encoding"))),
    ("transfer-encoding names a coding before", "a coding that is not implemented, RFC 9112 §6.1",
     lambda v: any(re.fullmatch(rb"(?i).+,[ \t]*chunked", value) for value in v.values(b"transfer-encoding"))),
    ("the body is larger", "over the body limit, RFC 9110 §15.5.14", lambda v: v.chunk_fault == "large"),
    (r"byte 0x.. found in a chunk's size", "malformed chunk size, RFC 9112 §7.1", lambda v: v.chunk_fault == "size"),
    ("a chunk's size has more", "chunk size over 63 bits or 16 digits, RFC 9112 §7.1",
     lambda v: v.chunk_fault == "size"),
    ("a chunk extension is malformed", "malformed chunk extension, RFC 9112 §7.1.1",
     lambda v: v.chunk_fault == "extension"),
    (r"byte 0x.. found where a chunk's data ends", "no CRLF after a chunk's data, RFC 9112 §7.1",
     lambda v: v.chunk_fault == "end"),
    ("a trailer names a field", "a trailer that may not be one, RFC 9110 §6.5.1",
     lambda v: any(name.lower().replace(b"_", b"-") in TRAILERS for name in v.trailer_names)),
]
REFUSALS = [(re.compile(sentence), reason, present) for sentence, reason, present in REFUSALS]


def upgrades(view):
    return b"upgrade" in view.names and any(b"upgrade" in value.lower() for value in view.values(b"connection"))


def asks_both(view):
    options = [option.strip().lower() for value in view.values(b"connection") for option in value.split(b",")]
    return view.version == b"HTTP/1.0" and b"close" in options and b"keep-alive" in options


# Peer, our kind, their kind, reason with its source, and what must be true of this request and the one before.
OTHERS = [
    ("h11", None, "refused", "h11 takes no empty line before a request, which RFC 9112 §2.2 asks for",
     lambda this, before: this.bytes.startswith(b"\r\n") and not this.bytes.startswith(b"\r\n\r\n")),
    ("llhttp", None, "closed", "llhttp heeds Proxy-Connection, which RFC 9112 appendix C.2.2 tells to ignore",
     lambda this, before: any(re.match(rb"(?i)proxy-connection:.*close", line)
                              for line in before.lines + before.trailer_lines)),
    ("llhttp", "closed", None, "llhttp lets keep-alive win over close in 1.0, against RFC 9112 §9.3",
     lambda this, before: asks_both(before)),
    ("llhttp", "request", "request", "llhttp reads no body after an Upgrade; we ignore Upgrade, RFC 9110 §7.8",
     lambda this, before: upgrades(this)),
    ("llhttp", "partial", "request", "llhttp reads no body after an Upgrade; we ignore Upgrade, RFC 9110 §7.8",
     lambda this, before: upgrades(this)),
    ("llhttp", None, "refused", "llhttp takes the empty body after an Upgrade for a request, RFC 9110 §7.8",
     lambda this, before: upgrades(before) and b"transfer-encoding" in before.names),
    ("llhttp", "incomplete", "end", "an empty line is the beginning of a request here, nothing to llhttp",
     lambda this, before: this.bytes in (b"\r", b"\r\n")),
    ("llhttp", None, "refused", "llhttp refuses the white space that RFC 9112 §7.1.1 lets stand in an extension",
     lambda this, before: this.chunk_fault is None and this.has_extension_space),
]


def explain(before, this, ours, theirs, peer):
    """The reason why `ours` differs from `theirs`, or None.

    `this` begins at the first byte of the request that is judged differently, `before` at the one before it.
    """
    this, before = View(this), View(before)
    if ours[0] == "refused":
        for sentence, reason, present in REFUSALS:
            if sentence.match(ours[2]) and present(this):
                return f"refused here ({ours[1]}): {reason}"
        return None
    for name, our_kind, their_kind, reason, present in OTHERS:
        if name == peer and our_kind in (None, ours[0]) and their_kind in (None, theirs[0]) and present(this, before):
            return reason
    return None
