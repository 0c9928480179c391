"""Undoes the compression of an answer from a stranger, and never makes more of it than is allowed."""

import zlib


class Undecodable(Exception):
    """The body is not what its head says, or too large; `reason` is a short word for logs and states."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Decoder:
    """Undoes gzip and deflate piece by piece. Raises Undecodable when that cannot be, or more than `most` bytes come out."""

    def __init__(self, encoding: str, most: int) -> None:
        encoding = encoding.strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise Undecodable("encoding")
        self._most = most
        self._out = bytearray()
        self._first = encoding == "deflate"
        self._plain = encoding in {"", "identity"}
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | (16 if "gzip" in encoding else 0))

    def feed(self, chunk: bytes) -> None:
        """Take the next piece."""
        if self._plain:
            self._out += chunk
            return
        try:
            self._out += self._inflate.decompress(chunk, self._most + 1 - len(self._out))
        except zlib.error as error:
            if not self._first:
                raise Undecodable("encoding") from error
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers send deflate without its head
            self._first = False
            self.feed(chunk)
            return
        self._first = False
        if len(self._out) > self._most or self._inflate.unconsumed_tail:
            raise Undecodable("too large")

    def finish(self) -> bytes:
        """Give all that came out."""
        return bytes(self._out)
