"""How large a compressed file of others may become when it is read.

A file of a few kilobytes can unpack to terabytes. What is read here may become FREE bytes, or
RATIO times the file's own size where that is more: recordings of responses reach about 20.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any, BinaryIO

import pyarrow.parquet as pq

FREE = 2 << 30  # bytes that any file may become
RATIO = 200
LINE = 256 << 20  # bytes of one line, or of one sample of a log: what is in memory at once


class OversizeError(ValueError):
    """A file becomes too large when it is unpacked."""

    def __init__(self, what: str, most: int):
        super().__init__(
            f"{what} unpacks to more than {most:,} bytes, which no recording of this size does; "
            "fetch it from a source you trust, or repack it"
        )


def most(size: int) -> int:
    """Bytes that a file of ``size`` bytes may become."""
    return max(FREE, RATIO * size)


class Bounded(io.RawIOBase):
    """Decompressed bytes of ``stream``, read from a file of ``size`` bytes."""

    def __init__(self, stream: Any, size: int):
        self._stream, self._left, self._most = stream, most(size), most(size)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See RawIOBase; raises OversizeError behind the bound."""
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise OversizeError("the file", self._most)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the stream as well."""
        self._stream.close()
        super().close()


def check_parquet(metadata: pq.FileMetaData, size: int) -> None:
    """Raise OversizeError where a parquet file of ``size`` bytes says that it becomes too large.

    Bytes of its pages, and eight for each value: a run of equal values takes no room in the file.
    """
    total = 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        total += row_group.total_byte_size
        total += 8 * sum(row_group.column(i).num_values for i in range(row_group.num_columns))
        if total > most(size) or row_group.total_byte_size < 0:
            raise OversizeError("the file", most(size))


def check_zip(file: BinaryIO | str, size: int) -> None:
    """Raise OversizeError where entries of a zip file of ``size`` bytes are too large.

    What an entry says of its size binds zipfile: it reads no more.
    """
    with zipfile.ZipFile(file) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    if sum(sizes.values()) > most(size):
        raise OversizeError("the file", most(size))
    for name, found in sizes.items():
        if found > LINE:
            raise OversizeError(f"its part {name!r}", LINE)
