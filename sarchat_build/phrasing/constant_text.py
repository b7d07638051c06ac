"""The constant text of phrasings: what every dialogue that uses one must hold, in this order."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import nodes

from sarchat_build.phrasing.engine import ASK, SANDBOX, parse_id, split_frame


def constant_text(templates: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Give the text of each phrasing around what it fills in.

    The first part stands at the beginning of a text, the last at its end ("" where something is
    filled in there), the others between. What depends on a condition or is repeated is left out.

    >>> constant_text({"frames/question/sar": "This is a SAR image. {{ ask }}"})
    {'frames/question/sar': ('This is a SAR image.', '')}
    >>> name = "referring/single/question/frame"
    >>> constant_text({name: 'Frame the {{ phrase }}{% if one %} here{% endif %} with a box.'})
    {'referring/single/question/frame': ('Frame the', 'with a box.')}
    """
    parts: dict[str, tuple[str, ...]] = {}
    for name, source in templates.items():
        if parse_id(name).task == "frames":
            before, after = split_frame(source if ASK in source else "")
            parts[name] = (before.strip(), after.strip())
        else:
            parts[name] = _parts(SANDBOX.parse(source))
    return parts


def _parts(template: nodes.Template) -> tuple[str, ...]:
    parts = [""]
    for output in template.body:
        children = output.nodes if isinstance(output, nodes.Output) else [output]
        for node in children:
            if isinstance(node, nodes.TemplateData):
                parts[-1] += node.data
            elif parts[-1] or len(parts) == 1:
                parts.append("")
    first, *others = (" ".join(part.split()) for part in parts)
    return (first, *(part for part in others[:-1] if part), *others[-1:])
