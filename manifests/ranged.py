"""Files that are read range by range, as streams."""

import io
from abc import abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Ranged(io.RawIOBase):
    """A file of known size as a stream: each read asks for one range, and gets all of it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._position = 0

    @abstractmethod
    def fetch(self, start: int, stop: int) -> bytes:
        """Return the bytes of a range that lies in the file and is not empty; OSError if not."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position and return it; ValueError if that is before the file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if (position := base + offset) < 0:
            raise ValueError(f"negative seek position {position}")
        self._position = position
        return position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill a buffer as far as the file goes; return how many bytes."""
        view = memoryview(buffer).cast("B")
        data = self._take(len(view))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """Return the rest of the file."""
        return self._take(self._size)

    def _take(self, size: int) -> bytes:
        stop = min(self._position + size, self._size)
        if self._position >= stop:
            return b""
        data = self.fetch(self._position, stop)
        self._position = stop
        return data
