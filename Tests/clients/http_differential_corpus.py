"""The requests that are mutated, and how."""

import random

SENTINEL = b"GET /sentinel HTTP/1.1\r\nHost: s\r\n\r\n"

CORPUS = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /v2/health/ready HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
    b"GET /a?x=1&y=%20#z HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /metrics HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    b"GET http://example.com/x?y HTTP/1.1\r\nHost: example.com\r\n\r\n",
    b"GET http://example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
    b"HEAD /v2/models/m HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
    b"DELETE /v HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc",
    b"PUT /v HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    b"PATCH /v HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: Keep-Alive, Upgrade\r\n\r\nhi",
    b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\":1.5}",
    b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\nA;q=\"x;y\"\r\n0123456789\r\n0\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\nExpires: never\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0000a\r\n0123456789\r\n000\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST /x HTTP/1.0\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd",
    b"POST /x HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip;q=1, deflate;q=0\r\nX-Request-ID: a-1\r\nContent-Length: 1\r\n\r\nx",
    b"POST /i HTTP/1.1\r\nHost: h\r\nInference-Header-Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}\x00\xff",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: b\r\n\r\n",
    b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    b"\r\nGET /late HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Tab:\ta\tb \t\r\nX-High: caf\xc3\xa9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\n\r\n",
]

PIECES = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"\r\n ", b"\r\n\t", b" ", b"\t", b"  ", b"\x00", b"\x0b", b"\x0c",
    b"\x7f", b"\x80", b"\xff", b":", b" :", b": ", b",", b";", b"=", b"\"", b"\\", b"/", b"//", b"?", b"#", b"%",
    b"%00", b"%2f", b"%zz", b"*", b"@", b"[", b"]", b"_", b"-", b"+", b"0", b"00", b"1", b"5", b"a", b"F", b"0x",
    b"ffffffffffffffff", b"7fffffffffffffff", b"80000000000000000", b"18446744073709551617", b"9223372036854775807",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.2", b"http/1.1", b"HTTP/01.1", b"GET", b"get", b"POST ",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"M-SEARCH", b"PROPFIND", b"BREW", b"http://", b"https://b/", b"ftp://a/",
    b"chunked", b"gzip", b"identity", b"xchunked", b"chunked, chunked", b"gzip, chunked", b"close", b"keep-alive",
    b"0\r\n\r\n", b"1\r\na\r\n", b"5\r\nhello\r\n", b";ext", b";a=b", b";a=\"b\"", b";a=\"\r\n\"", b"; a", b" ;a",
]

LINES = [
    b"Host: a", b"Host: b", b"Host:", b"Host: a b", b"Host: a:b", b"Host : a", b" Host: a", b"Host: user@a",
    b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: 05", b"Content-Length: +5", b"Content-Length: -1",
    b"Content-Length: 5, 5", b"Content-Length: 5 6", b"Content-Length:", b"Content-Length: 0x5",
    b"Content-Length: 36", b"Content-Length : 5", b"Content_Length: 5", b"content-length: 5",
    b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: chunked,",
    b"Transfer-Encoding : chunked", b"Transfer_Encoding: chunked", b"Transfer-Encoding:\x0bchunked",
    b"Transfer-Encoding:", b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding: \"chunked\"",
    b"Transfer-Encoding: CHUNKED", b"Connection: close", b"Connection: keep-alive", b"Connection: close, foo",
    b"Connection: foo", b"Connection: closed", b"Connection: x-close", b"Connection: keep-alive, close",
    b"Connection: Upgrade", b"Upgrade: websocket", b"Expect: 100-continue", b"Expect: 200-ok", b"Expect:",
    b"Keep-Alive: 5", b"Proxy-Connection: close", b"X: y", b"X", b": y", b"X:", b"X y: z", b"X\x00: y", b"X: \x01",
    b"X: \xff", b"X: y\rz", b"X(: y", b"Trailer: X", b"TE: trailers", b"Authorization: x", b"Authorization: y",
    b"Content-Type: a", b"Content-Type: b", b"Inference-Header-Content-Length: x", b"Accept-Encoding: *",
    b"Content-Encoding: gzip",
]


def samples(seed, count):
    """`count` streams, the same for the same seed."""
    source = random.Random(seed)
    for _ in range(count):
        stream = source.choice(CORPUS)
        for _ in range(source.choice((0, 1, 1, 1, 2, 2, 3, 4))):
            stream = mutate(source, stream)
        yield stream + SENTINEL


def mutate(source, stream):
    """One change."""
    return source.choice(MUTATIONS)(source, stream)


def cut(source, stream):
    return source.randrange(len(stream) + 1)


def replace_byte(source, stream):
    at = cut(source, stream)
    return stream[:at] + bytes([source.randrange(256)]) + stream[at + 1:]


def insert_byte(source, stream):
    at = cut(source, stream)
    return stream[:at] + bytes([source.randrange(256)]) + stream[at:]


def delete_bytes(source, stream):
    at = cut(source, stream)
    return stream[:at] + stream[at + source.choice((1, 1, 2, 4, 8)):]


def insert_piece(source, stream):
    at = cut(source, stream)
    return stream[:at] + source.choice(PIECES) + stream[at:]


def replace_with_piece(source, stream):
    at, piece = cut(source, stream), source.choice(PIECES)
    return stream[:at] + piece + stream[at + len(piece):]


def insert_line(source, stream):
    ends = [at + 2 for at in range(len(stream)) if stream[at:at + 2] == b"\r\n"] or [0]
    at = source.choice(ends)
    return stream[:at] + source.choice(LINES) + b"\r\n" + stream[at:]


def drop_line(source, stream):
    lines = stream.split(b"\r\n")
    del lines[source.randrange(len(lines))]
    return b"\r\n".join(lines)


def repeat_line(source, stream):
    lines = stream.split(b"\r\n")
    at = source.randrange(len(lines))
    return b"\r\n".join(lines[:at] + [lines[at]] + lines[at:])


def swap_lines(source, stream):
    lines = stream.split(b"\r\n")
    one, other = source.randrange(len(lines)), source.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def change_case(source, stream):
    at = cut(source, stream)
    end = at + source.choice((1, 4, 16))
    return stream[:at] + stream[at:end].swapcase() + stream[end:]


def splice(source, stream):
    other = source.choice(CORPUS)
    return stream[: cut(source, stream)] + other[cut(source, other):]


def append(source, stream):
    return stream + source.choice(CORPUS)


MUTATIONS = [
    replace_byte, insert_byte, delete_bytes, insert_piece, insert_piece, replace_with_piece, insert_line,
    insert_line, drop_line, repeat_line, swap_lines, change_case, splice, append,
]
