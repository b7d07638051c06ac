"""Members of an archive in columns: about 100 bytes each, in memory or in a file that is mapped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, overload

from sarchat_build.key_index import KeyIndex

# What only names folders and archives is not to wait for them: they are imported where one is read.
if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside an archive; reading members by `offset` reads the archive in one go.

    Attributes:
        path: its name here, with slashes.
        size_bytes: its size, unpacked.
        offset: where it lies, or its header.
        written: the name that the archive has for it, where that is another than `path`.
        end: of a zip: where the next entry begins at the earliest; of a tar: where its bytes end.
        packed_bytes: of a zip: its size as it lies there.
        crc: of a zip: its checksum.
        method: of a zip: how it is packed.
        flags: of a zip: those of its directory.
    """

    path: str
    size_bytes: int
    offset: int
    written: str = ""
    end: int = 0
    packed_bytes: int = 0
    crc: int = 0
    method: int = 0
    flags: int = 0


# `written` as bytes: names of files may hold halves of letters, which no text column takes.
_TYPES = {
    "path": "string",
    "size_bytes": "int64",
    "offset": "int64",
    "written": "binary",
    "end": "int64",
    "packed_bytes": "int64",
    "crc": "uint32",
    "method": "uint8",
    "flags": "uint16",
}
_NUMBERS = tuple(name for name in _TYPES if name not in ("path", "written"))
_HASHES, _ORDER = "path_hashes", "path_order"


class Members(Sequence[Member]):
    """Every member of an archive, in reading order; each is made when somebody asks for it."""

    def __init__(self, columns: Mapping[str, pa.Array]) -> None:
        """Take columns as `Members.columns` gives them."""
        self._columns = columns
        self._paths = columns["path"]
        self._written = columns["written"]
        self._values = [columns[name].to_numpy().data for name in _NUMBERS]
        self._by_path = KeyIndex(*(columns[name].to_numpy() for name in (_HASHES, _ORDER)))

    @classmethod
    def of(cls, members: Iterable[Member]) -> Members:
        """Put members into columns."""
        import pyarrow as pa

        listed = list(members)
        columns = {
            field.name: pa.array((getattr(m, field.name) for m in listed), _TYPES[field.name])
            for field in fields(Member)
            if field.name != "written"
        }
        written = (m.written.encode("utf-8", "surrogatepass") or None for m in listed)
        columns["written"] = pa.array(written, _TYPES["written"])
        by_path = KeyIndex.of(m.path for m in listed)
        columns |= {_HASHES: pa.array(by_path.hashes), _ORDER: pa.array(by_path.order)}
        return cls(columns)

    @property
    def columns(self) -> Mapping[str, pa.Array]:
        """The columns, to be stored."""
        return self._columns

    def paths(self, positions: NDArray[np.int32] | None = None) -> list[str]:
        """Give the paths of some members, or of all."""
        chosen = self._paths if positions is None else self._paths.take(positions)
        found: list[str] = chosen.to_pylist()
        return found

    @property
    def edges(self) -> list[int]:
        """Offsets at which an entry of a zip or tar begins or ends, in order."""
        import numpy as np

        edges = np.union1d(self._numbers("offset"), self._numbers("end"))
        return [int(edge) for edge in edges]

    def path(self, position: int) -> str:
        """Give the path of one member."""
        return str(self._paths[position].as_py())

    def position(self, path: str) -> int | None:
        """Give the position of a member; None if there is none."""
        found = self._by_path.candidates(path)
        return next((position for position in found if self.path(position) == path), None)

    def find(self, path: str) -> Member | None:
        """Give a member by its path; None if there is none."""
        position = self.position(path)
        return None if position is None else self._member(position)

    def called(self, name: str) -> list[str]:
        """Give the paths of the files of one name, in whatever folder; unpackers change case."""
        import pyarrow.compute as pc

        holding = pc.match_substring(self._paths, name, ignore_case=True)
        found = self._paths.filter(holding).to_pylist()
        return [path for path in found if path.rpartition("/")[2].lower() == name.lower()]

    def __len__(self) -> int:
        """Number of members."""
        return len(self._paths)

    def __iter__(self) -> Iterator[Member]:
        """Go through all members."""
        return map(self._member, range(len(self)))

    @overload
    def __getitem__(self, position: int) -> Member: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Member, ...]: ...
    def __getitem__(self, position: int | slice) -> Member | tuple[Member, ...]:
        """Give one member, or several."""
        places = range(len(self))[position]
        return self._member(places) if isinstance(places, int) else tuple(map(self._member, places))

    def _member(self, position: int) -> Member:
        written = self._written[position].as_py()
        return Member(
            self.path(position),
            **{name: values[position] for name, values in zip(_NUMBERS, self._values, strict=True)},
            written=written.decode("utf-8", "surrogatepass") if written else "",
        )

    def _numbers(self, name: str) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._columns[name].to_numpy()
        return found
