"""`croissant.json`: the dataset described for machines (Croissant 1.1 with RAI and provenance).

Each task is a record set whose rows are joined with the picture they are about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from sarchat_build.card.statements import (
    ANNOTATION,
    NO_PURPOSE,
    PURPOSE,
    biases,
    limits,
)
from sarchat_build.dataset.record import BuildRecord
from sarchat_build.exports.licenses import may_be_passed_on
from sarchat_build.names import display_name
from sarchat_build.published.layout import (
    CARD_FILE,
    LICENSES_FILE,
    QUALITY_PAGE,
    parse_table_path,
    table_folder,
)
from sarchat_build.published.meanings import meaning_of
from sarchat_build.published.schema import SCHEMAS
from sarchat_build.report.origin import synthetic_sources, synthetic_text, titled
from sarchat_build.report.summary import totals

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {
    pa.string(): "sc:Text",
    pa.binary(): "sc:Text",
    pa.bool_(): "sc:Boolean",
    pa.int32(): "sc:Integer",
    pa.int64(): "sc:Integer",
    pa.float64(): "sc:Float",
}
# The name that mlcroissant reads; the registered one fails there when rows are read.
_PARQUET = "application/x-parquet"
# What a dialogue shows of its picture.
_JOINED = ("image", "width", "height")


def render_croissant(record: BuildRecord) -> dict[str, Any]:
    """Give the description of a finished build, as JSON-LD."""
    pictures, dialogues = totals(record)
    synthetic = synthetic_sources(record.sources)
    tables = ("images", *record.recipe.tasks.enabled)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": record.recipe.name,
        "alternateName": titled(display_name(record.recipe.title), synthetic),
        "description": (
            f"{dialogues:,} dialogues about {pictures:,} pictures of synthetic-aperture radar, "
            "made from the boxes of public detection datasets after the description of "
            f"SARChat-Bench-2M. {synthetic_text(record.sources)}"
        ).strip(),
        # Where it is published is known to who does it; its page is the card that lies beside.
        "url": CARD_FILE,
        "version": record.dataset_version,
        "creator": {"@type": "sc:Organization", "name": "The sarchat_build authors"},
        "license": [LICENSES_FILE, *sorted({s.license for s in record.sources.values()})],
        "citeAs": "arXiv:2502.08168, arXiv:2403.06534, and the sources in prov:wasDerivedFrom",
        "inLanguage": "en",
        "isLiveDataset": False,
        "keywords": ["SAR", "synthetic-aperture radar", "remote sensing", "vision-language",
                     "grounding", "counting", "referring expressions"],
        **_responsible(record),
        "prov:wasDerivedFrom": [
            {
                "@type": "prov:Entity",
                "@id": f"source/{source_id}",
                "name": display_name(source.title),
                "url": display_name(source.homepage),
                "license": display_name(source.license),
                "citation": display_name(source.citation),
                **(
                    {"description": "Synthetic pictures in the layout of this source's archive."}
                    if source.is_synthetic
                    else {}
                ),
            }
            for source_id, source in record.sources.items()
        ],
        "distribution": [*_shards(record, tables), *map(_files, tables)],
        "recordSet": [_record_set(table) for table in tables],
    }  # fmt: skip


def _shards(record: BuildRecord, tables: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Give every file of the tables, with which a copy can be compared."""
    for path, entry in record.files.items():
        file = parse_table_path(path)
        if file is not None and file.table in tables:
            yield {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path,
                "contentUrl": path,
                "contentSize": f"{entry.bytes} B",
                "encodingFormat": _PARQUET,
                "sha256": entry.sha256,
            }


def _files(table: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table}-files",
        "name": f"{table}-files",
        "description": f"The shards of {table}.",
        "encodingFormat": _PARQUET,
        "includes": f"{table_folder(table)}/*.parquet",
    }


def _record_set(table: str) -> dict[str, Any]:
    is_pictures = table == "images"
    key = "image_id" if is_pictures else "dialogue_id"
    joined = [] if is_pictures else [_joined(table, column) for column in _JOINED]
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": (
            "Pictures with their objects."
            if is_pictures
            else f"Dialogues of the task {table}, each with its picture."
        ),
        "key": {"@id": f"{table}/{key}"},
        "field": [*_fields(table), *joined],
    }


def _joined(table: str, column: str) -> dict[str, Any]:
    schema = SCHEMAS["images"]
    field = _field(table, column, schema.field(column).type, "images")
    return {**field, "source": {"field": {"@id": f"images/{column}"}}}


def _fields(table: str) -> Iterator[dict[str, Any]]:
    for field in SCHEMAS[table]:
        for names, kind in _leaves((field.name,), field.type):
            yield {
                **_field(table, ".".join(names), kind, table),
                "source": _source(table, names),
            } | (
                {"references": {"field": {"@id": "images/image_id"}}}
                if names == ("image_id",) and table != "images"
                else {}
            )


def _leaves(names: tuple[str, ...], kind: pa.DataType) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every column that is no struct; the picture is one."""
    inner = kind.value_type if pa.types.is_list(kind) else kind
    if not pa.types.is_struct(inner) or names == ("image",):
        yield names, kind
        return
    for field in inner:
        item = pa.list_(field.type) if pa.types.is_list(kind) else field.type
        yield from _leaves((*names, field.name), item)


def _field(table: str, column: str, kind: pa.DataType, of: str) -> dict[str, Any]:
    depth = 0
    while pa.types.is_list(kind):
        kind, depth = kind.value_type, depth + 1
    shape = ["-1"] * depth
    if column == "objects.bbox":
        shape[-1] = "4"
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column}",
        "name": column,
        "description": meaning_of(of, column),
        "dataType": "sc:ImageObject" if column == "image" else _TYPES[kind],
        **({"isArray": True, "arrayShape": ",".join(shape)} if depth else {}),
    }


def _source(table: str, names: tuple[str, ...]) -> dict[str, Any]:
    column, *inner = names if names != ("image",) else ("image", "bytes")
    steps: list[dict[str, str]] = [{"jsonPath": name} for name in inner]
    return {
        "fileSet": {"@id": f"{table}-files"},
        "extract": {"column": column},
        **({"transform": steps if len(steps) > 1 else steps[0]} if steps else {}),
    }


def _responsible(record: BuildRecord) -> dict[str, Any]:
    """Answer the questions of the RAI vocabulary; what nobody knows is said to be unknown."""
    closed = [s for s, of in record.sources.items() if not may_be_passed_on(of.license)]
    synthetic = synthetic_text(record.sources)
    unpublished = f" No license allows to pass on the pictures of {', '.join(closed)}."
    return {
        "rai:dataCollection": "Pictures and boxes are those of the sources named in "
        "prov:wasDerivedFrom, which satellites and aircraft took; nothing was collected anew."
        + (f" {synthetic}" if synthetic else ""),
        "rai:dataCollectionType": ["Secondary data analysis", "Satellite imagery"],
        "rai:dataCollectionMissingData": "What was left out is in the table rejects, each with its "
        "reason; pictures that show the same are in the table duplicates.",
        "rai:dataCollectionRawData": "Archives of the sources; build.json has their digests.",
        "rai:dataImputationProtocol": "No value was imputed; what a source does not say is empty.",
        "rai:dataPreprocessingProtocol": [
            "Boxes are brought to pixels of the stored picture, 0-based, maximum edge exclusive, "
            "and clipped to it.",
            "Large scenes are cut into chips; pixels that are not 8-bit are rendered by a rule "
            "that the column rendering names.",
            "Equal pictures, and near-duplicates as the recipe says, are kept once; all "
            "pictures of a scene are in one split.",
        ],
        "rai:dataManipulationProtocol": "Pictures are otherwise stored as their sources publish "
        "them.",
        "rai:dataAnnotationProtocol": [ANNOTATION],
        "rai:dataAnnotationPlatform": ["None: dialogues are made by a program."],
        "rai:dataAnnotationAnalysis": [
            f"Faults that were looked for, and how many were found: {QUALITY_PAGE}."
        ],
        "rai:annotationsPerItem": "One answer to each question, one box to each object.",
        "rai:annotatorDemographics": ["Who drew the boxes of the sources is not known here."],
        "rai:machineAnnotationTools": [f"sarchat_build {record.dataset_version}"],
        "rai:dataUseCases": [PURPOSE],
        "rai:dataBiases": list(biases(record)),
        "rai:dataLimitations": list(limits(record, display_name)),
        "rai:dataSocialImpact": NO_PURPOSE,
        "rai:personalSensitiveInformation": [
            "None is known: at the resolutions of the sources no person can be seen."
        ],
        "rai:dataReleaseMaintenancePlan": "The same inputs, recipe and version give the same "
        "bytes; a correction is a new build with its own record." + (unpublished if closed else ""),
        "rai:hasSyntheticData": True,
    }
