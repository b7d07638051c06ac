"""A store in memory that gives ranges of its objects, as buckets do, and counts what it gave."""

from __future__ import annotations

from typing import Any, ClassVar

import fsspec
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem


class CountedStore(AbstractFileSystem):
    """`counted://…`: objects and every range that was fetched of them, for the whole process."""

    protocol = "counted"
    contents: ClassVar[dict[str, bytes]] = {}
    fetched: ClassVar[list[tuple[str, int, int]]] = []

    @classmethod
    def fetched_bytes(cls) -> int:
        return sum(end - start for _, start, end in cls.fetched)

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        name = self._strip_protocol(path).strip("/")
        if name in self.contents:
            return {"name": name, "size": len(self.contents[name]), "type": "file"}
        if any(other.startswith(f"{name}/") for other in self.contents):
            return {"name": name, "size": 0, "type": "directory"}
        raise FileNotFoundError(path)

    def ls(self, path: str, detail: bool = True, **options: Any) -> list[Any]:
        top = self._strip_protocol(path).strip("/")
        below = {
            f"{top}/{name.removeprefix(f'{top}/').partition('/')[0]}"
            for name in self.contents
            if name.startswith(f"{top}/")
        }
        found = [self.info(name) for name in sorted(below)]
        return found if detail else [item["name"] for item in found]

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **options: Any
    ) -> bytes:
        name = self._strip_protocol(path).strip("/")
        data = self.contents[name]
        first, last = start or 0, len(data) if end is None else min(end, len(data))
        self.fetched.append((name, first, last))
        return data[first:last]

    def _open(self, path: str, mode: str = "rb", **options: Any) -> _CountedFile:
        return _CountedFile(self, path, mode, cache_type=options.get("cache_type", "none"))


class _CountedFile(AbstractBufferedFile):
    def _fetch_range(self, start: int, end: int) -> bytes:
        return self.fs.cat_file(self.path, start, end)  # type: ignore[no-any-return]


fsspec.register_implementation("counted", CountedStore, clobber=True)
