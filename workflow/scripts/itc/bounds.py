"""How large a compressed file of others may become when it is read.

A file of a few kilobytes can unpack to terabytes. What is read here may become FREE bytes, or
RATIO times the file's own size where that is more: recordings of responses reach about 20.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FREE = 2 << 30  # bytes that any file may become (`limits.unpacked`)
RATIO = 200  # times its size, where that is more (`limits.ratio`)
LINE = 256 << 20  # bytes of one line, or of one sample: what is in memory at once (`limits.line`)
SECONDS = 60.0  # of CPU time for any file (`limits.seconds`), and as many again for each two MB
BLANK_LINES = 1_000_000  # lines without anything in a row
PER_BYTE = 2e6  # bytes of a compressed file that earn it SECONDS more

_KEYS = {"unpacked": "FREE", "ratio": "RATIO", "line": "LINE", "seconds": "SECONDS"}


def use(config: Mapping[str, Any]) -> None:
    """Take the bounds that a configuration's section ``limits`` sets; the others stay."""
    for key, value in (config.get("limits") or {}).items():
        globals()[_KEYS[key]] = value


class OversizeError(ValueError):
    """A file becomes too large, or takes too long, when it is unpacked."""

    def __init__(self, what: str, most: int, found: int, key: str = "unpacked"):
        super().__init__(
            f"{what} unpacks to more than {most:,} bytes ({found:,} are read or stated so far), "
            "which no recording of this size does; fetch it from a source you trust, or raise "
            f"`limits.{key}` in your configuration"
        )


class SlowError(OversizeError):
    """Unpacking a file takes more CPU time than files of its size do."""

    def __init__(self, spent: float, most: float):
        ValueError.__init__(
            self,
            f"reading it took {spent:.0f} seconds of CPU time, the limit of a file of its size is "
            f"{most:.0f}; fetch it from a source you trust, or raise `limits.seconds` in your "
            "configuration",
        )


class Pace:
    """CPU time since the reading of a compressed file of ``size`` bytes began."""

    def __init__(self, size: int):
        self._start, self._most = time.process_time(), SECONDS * (1 + size / PER_BYTE)

    def check(self) -> None:
        """Raise SlowError where it is more than files of this size take."""
        spent = time.process_time() - self._start
        if spent > self._most:
            raise SlowError(spent, self._most)


def most(size: int) -> int:
    """Bytes that a file of ``size`` bytes may become."""
    return max(FREE, int(RATIO * size))


class Bounded(io.RawIOBase):
    """Decompressed bytes of ``stream``, read from a file of ``size`` bytes."""

    def __init__(self, stream: Any, size: int):
        self._stream, self._read, self._most, self._pace = stream, 0, most(size), Pace(size)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See RawIOBase; raises OversizeError behind the bound."""
        data = self._stream.read(len(buffer))
        self._read += len(data)
        if self._read > self._most:
            raise OversizeError("the file", self._most, self._read)
        self._pace.check()
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the stream as well."""
        self._stream.close()
        super().close()


def check_parquet(metadata: pq.FileMetaData, size: int) -> None:
    """Raise OversizeError where a parquet file of ``size`` bytes says that it becomes too large.

    Bytes of its pages, and eight for each value: a run of equal values takes no room in the file.
    What values of a dictionary become is seen only when they are read: see ``check_values``.
    """
    total = 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        total += row_group.total_byte_size
        for i in range(row_group.num_columns):
            column = metadata.schema.column(i)
            width = column.length if column.physical_type == "FIXED_LEN_BYTE_ARRAY" else 0
            total += max(8, width) * row_group.column(i).num_values
        if total > most(size) or row_group.total_byte_size < 0:
            raise OversizeError("the file", most(size), total)


def texts(metadata: pq.FileMetaData) -> list[str]:
    """Paths of the columns whose values have any length: read as dictionaries they stay small."""
    schema = metadata.schema
    return [
        schema.column(i).path
        for i in range(len(schema))
        if schema.column(i).physical_type == "BYTE_ARRAY"
    ]


def expanded(array: pa.Array) -> int:
    """Bytes of an array's values when each is written out, also those in a dictionary."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        values = array.dictionary
        if not (pa.types.is_binary(values.type) or pa.types.is_string(values.type)):
            return int(array.nbytes)
        lengths = pc.cast(pc.binary_length(values), pa.int64())
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0) + 8 * len(array)
    if pa.types.is_struct(kind):
        return sum(expanded(array.field(i)) for i in range(kind.num_fields))
    if pa.types.is_map(kind):
        return expanded(array.keys) + expanded(array.items) + 8 * len(array)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return expanded(array.flatten()) + 8 * len(array)
    return int(array.nbytes)


class Expansion:
    """Adds up what the batches of a parquet file of ``size`` bytes become."""

    def __init__(self, size: int):
        self._total, self._most, self._pace = 0, most(size), Pace(size)

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch whose texts are dictionaries; raises OversizeError past the bound."""
        found = sum(expanded(column) for column in batch.columns)
        self._total += found
        if self._total > self._most:
            raise OversizeError("the file", self._most, self._total)
        self._pace.check()


def batches(
    file: pq.ParquetFile, size: int, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Batches of at most ``size`` rows; none spans row groups, whose dictionaries differ."""
    for group in range(file.num_row_groups):
        yield from file.iter_batches(size, row_groups=[group], columns=columns)


def check_values(file: Any, size: int) -> None:
    """Raise OversizeError where the values of a parquet file become too large when written out.

    ``file``: path or open file, which is left at its start. All is read once, each dictionary with
    its indices only, so memory stays near the size of the file's pages.
    """
    with pq.ParquetFile(file) as plain:
        metadata = plain.metadata
        check_parquet(metadata, size)
        names = texts(metadata)
    if hasattr(file, "seek"):
        file.seek(0)
    counted = Expansion(size)
    with pq.ParquetFile(file, read_dictionary=names, pre_buffer=False) as parquet:
        for batch in batches(parquet, 4096):
            counted.add(batch)
    if hasattr(file, "seek"):
        file.seek(0)


def check_zip(file: BinaryIO | str, size: int) -> None:
    """Raise OversizeError where entries of a zip file of ``size`` bytes are too large.

    What an entry says of its size binds zipfile: it reads no more.
    """
    with zipfile.ZipFile(file) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    if sum(sizes.values()) > most(size):
        raise OversizeError("the file", most(size), sum(sizes.values()))
    for name, found in sizes.items():
        if found > LINE:
            raise OversizeError(f"its part {name!r}", LINE, found, "line")
