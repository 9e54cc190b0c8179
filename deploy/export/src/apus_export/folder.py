"""Writes a folder whole or not at all."""

import os
import shutil
import tempfile

from .errors import ExportError


def write(files, out, *, replace=False):
    """Makes the folder `out` of {name: bytes} by a rename, so that a server never sees half of it.

    An old folder is moved aside first, when `replace` allows it, and removed once the new one is in its place. Whatever
    fails before that, the old one stays, or comes back.
    """
    if out.exists() and not replace:
        raise ExportError(f"{out} exists; --force replaces it")
    parent = out.absolute().parent
    old = None
    try:
        parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.mkdtemp(prefix=f".{out.name}.", dir=parent)
        new, old = os.path.join(scratch, "new"), os.path.join(scratch, "old")
        try:
            os.mkdir(new)
            for name, content in files.items():
                _write_file(os.path.join(new, name), content)
            if out.exists():
                os.rename(out, old)
            os.rename(new, out)
        except BaseException:
            if os.path.lexists(old) and not os.path.lexists(out):
                os.rename(old, out)
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        place = f"; what was there is in {old}" if old and os.path.lexists(old) else ""
        raise ExportError(f"{out} cannot be written: {error.strerror or error}{place}") from error


def _write_file(path, content):
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
