"""Verdicts of Apus's parser, by the built http-verdict."""

import struct
import subprocess


def read_with_ours(binary, streams):
    """One pair per stream: its items (kind, method, target, body), and where in the stream each begins."""
    data = b"".join(struct.pack("<I", len(stream)) + stream for stream in streams)
    done = subprocess.run([binary], input=data, stdout=subprocess.PIPE, check=True)
    lines = done.stdout.decode("ascii").split("\n")[:-1]
    if len(lines) != len(streams):
        raise SystemExit(f"http-verdict answered {len(lines)} of {len(streams)} streams")
    return [parse_line(line, len(stream)) for line, stream in zip(lines, streams)]


def parse_line(line, length):
    items, starts = [], []
    for text in line.split("\t"):
        kind, _, rest = text.partition(" ")
        start, _, rest = rest.partition(" ")
        starts.append(int(start) if start else length)
        if kind in ("request", "partial"):
            method, target, body = rest.split(" ")
            items.append((kind, method, target, bytes.fromhex(body)))
        elif kind == "refused":
            status, _, sentence = rest.partition(" ")
            items.append((kind, status, sentence, b""))
        else:
            items.append((kind, "", "", b""))
    return items, starts
