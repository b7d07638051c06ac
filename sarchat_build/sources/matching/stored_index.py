"""The index of a source in a file, written once and mapped by every process that reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from sarchat_build.archives import Archive, Members, open_listed
from sarchat_build.config.manifest import Manifest
from sarchat_build.key_index import KeyIndex
from sarchat_build.sources.files import FileRefs, SourceFiles
from sarchat_build.sources.index import SourceIndex
from sarchat_build.sources.matching.columns import Documents, ListedSplits
from sarchat_build.sources.matching.image_names import ImageNames, IndexedNames

_ABOUT = b"about"


def store_index(index: SourceIndex, name: str) -> None:
    """Write an index to a file of this machine, so that other processes need not list anything.

    The file is an Arrow IPC file of one row, each column of which is a whole list: mapped into
    memory, it is there once for all processes of a machine. Equal indexes give equal bytes.
    """
    archives = index.files.archives
    names = index.names.indexed
    columns: dict[str, Any] = {
        "files": index.files.files.numbers,
        "images": index.images.numbers,
        "others": index.others.numbers,
        "documents": index.documents.files.numbers,
        "document splits": index.documents.splits,
        "document entries": index.documents.entries,
        "image splits": index.split_by_name.numbers,
    }
    for key, found in names.keys.items():
        columns |= {_hashes(key): found.hashes, _order(key): found.order}
    for number, archive in enumerate(archives.values()):
        members = archive.members().columns
        columns |= {_of_archive(number, key): column for key, column in members.items()}
    about = {
        "location": index.files.location,
        "archives": [
            {"name": archive_name, "kind": archive.kind, "location": archive.location}
            for archive_name, archive in archives.items()
        ],
        "keys": list(names.keys),
        "root_folders": names.root_folders,
        "folders_above_documents": index.folders_above_documents,
    }
    _write(name, columns, json.dumps(about))


def stored_index(
    manifest: Manifest, name: str, repacked: Mapping[str, str] | None = None
) -> SourceIndex:
    """Map an index that `store_index` wrote; nothing of the archives is read.

    Args:
        manifest: the source's manifest, by which it was indexed.
        name: the file; it may be deleted while it is mapped.
        repacked: as for `index_source`.
    """
    columns, about = _map(name)
    archives: dict[str, Archive] = {}
    for number, archive in enumerate(about["archives"]):
        prefix = _of_archive(number, "")
        own = {k.removeprefix(prefix): v for k, v in columns.items() if k.startswith(prefix)}
        location = archive["location"]
        archives[archive["name"]] = open_listed(
            archive["kind"], location, (repacked or {}).get(location, ""), Members(own)
        )

    def numbers(key: str) -> NDArray[Any]:
        found: NDArray[Any] = columns[key].to_numpy()
        return found

    members = {archive_name: archive.members() for archive_name, archive in archives.items()}
    files = FileRefs(members, numbers("files"))
    images, others = files.these(numbers("images")), files.these(numbers("others"))
    keys = {key: KeyIndex(numbers(_hashes(key)), numbers(_order(key))) for key in about["keys"]}
    rule = manifest.annotations
    names = ImageNames(rule, images, others, IndexedNames(keys, about["root_folders"]))
    return SourceIndex(
        source_id=manifest.id,
        rule=rule,
        files=SourceFiles(about["location"], archives, files),
        images=images,
        others=others,
        documents=Documents(
            files.these(numbers("documents")),
            numbers("document splits"),
            numbers("document entries"),
        ),
        split_by_name=ListedSplits(names, numbers("image splits")),
        names=names,
        part_matches=(),
        folders_above_documents=about["folders_above_documents"],
    )


def _hashes(key: str) -> str:
    return f"{key} hashes"


def _order(key: str) -> str:
    return f"{key} order"


def _of_archive(number: int, key: str) -> str:
    return f"archive {number}: {key}"


def _write(name: str, columns: Mapping[str, Any], about: str) -> None:
    arrays = {
        key: found if isinstance(found, pa.Array) else pa.array(found)
        for key, found in columns.items()
    }
    lists = {
        key: pa.LargeListArray.from_arrays(pa.array([0, len(array)], pa.int64()), array)
        for key, array in arrays.items()
    }
    batch = pa.record_batch(lists).replace_schema_metadata({_ABOUT: about})
    with pa.OSFile(name, "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


def _map(name: str) -> tuple[dict[str, pa.Array], Any]:
    batch = pa.ipc.open_file(pa.memory_map(name)).get_batch(0)
    columns = {key: batch.column(key).values for key in batch.schema.names}
    return columns, json.loads(batch.schema.metadata[_ABOUT])
