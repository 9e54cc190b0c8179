"""What stops an export."""


class ExportError(Exception):
    """A reason that a person can act on: a sentence with what was found and what was expected."""
