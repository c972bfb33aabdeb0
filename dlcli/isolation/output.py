"""What the code printed during one call: its beginning is kept, up to the mark that ends it."""

from __future__ import annotations

from dlcli.isolation.replies import plain_lines


class Output:
    """Pieces of output put together; the mark may be split between two of them."""

    def __init__(self, folder: str, mark: bytes, longest: int) -> None:
        self.complete = False
        self._folder, self._mark, self._longest = folder, mark, longest
        self._kept, self._pending, self._dropped = bytearray(), b"", 0

    def add(self, piece: bytes) -> None:
        """Takes the next piece."""
        self._pending += piece
        end = self._pending.find(self._mark)
        self.complete = self.complete or end >= 0
        self._keep(end if end >= 0 else max(len(self._pending) - len(self._mark) + 1, 0))

    def text(self) -> str:
        """All that is kept, and how much is not; control characters stand as �, the worker's folder as `.`."""
        if not self.complete:
            self._keep(len(self._pending))
        text = plain_lines(self._kept.decode(errors="replace").replace(self._folder, "."))
        return text + (f"\n… ({self._dropped:,} more bytes)" if self._dropped else "")

    def _keep(self, count: int) -> None:
        done, self._pending = self._pending[:count], self._pending[count:]
        room = self._longest - len(self._kept)
        self._kept += done[:room]
        self._dropped += max(len(done) - room, 0)
