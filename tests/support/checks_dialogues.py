"""Dialogues of a small dataset, from words that a person worked out: nothing is computed here."""

from __future__ import annotations

from checks_rows import Obj

TAGS = {
    "instance_counting": "[count] ",
    "spatial_grounding": "[grounding] ",
    "cross_modal_identification": "[identify] ",
    "referring": "[refer] ",
}
PLURALS = {
    "ship": "ships",
    "aircraft": "aircraft",
    "harbor": "harbors",
    "tank": "tanks",
    "bridge": "bridges",
}


def dialogue(
    image: dict,
    task: str,
    subtask: str,
    key: str,
    *,
    question: str,
    answer: str,
    objects: list[Obj],
    truth: dict,
) -> dict:
    image_id = image["image_id"]
    base = image_id.partition("@")[0]
    return {
        "dialogue_id": f"{image_id}/{task}/{subtask}/{key}",
        "image_id": image_id,
        "source": image["source"],
        "split": image["split"],
        "task": task,
        "subtask": subtask,
        "messages": [
            {"role": "user", "content": f"<image>\n{TAGS.get(task, '')}{question}"},
            {"role": "assistant", "content": answer},
        ],
        "objects": {"ref": [o.category for o in objects], "bbox": [o.box for o in objects]},
        "instance_ids": [f"{base}#{o.index}" for o in objects],
        "template_ids": [
            f"{task}/{subtask}/question/plain",
            "frames/question/bare",
            f"{task}/{subtask}/answer/plain",
        ],
        "ground_truth": truth,
    }


def counted(category: str, n: int) -> str:
    return f"{n or 'no'} {category if n == 1 else PLURALS[category]}"


def classify(image, objects, present):
    question = "Which of ship, aircraft, car, tank, bridge and harbor does the image show?"
    answer = f"It shows {' and '.join(present)}."
    return dialogue(
        image,
        "classification",
        "all",
        "all",
        question=question,
        answer=answer,
        objects=objects,
        truth={"categories": present, "asked": None, "answer": None},
    )


def present(image, category, objects, categories):
    """Ask whether a category is there; `categories` are those that are."""
    verdict = "yes" if objects else "no"
    return dialogue(
        image,
        "classification",
        "presence",
        category,
        question=f"Does the image show any {PLURALS[category]}?",
        answer=f"{verdict.title()}, it shows {counted(category, len(objects))}.",
        objects=objects,
        truth={"categories": categories, "asked": category, "answer": verdict},
    )


def describe(image, objects):
    cells = {
        cell: [f"a {o.word} {o.category}" for o in objects if o.cell == cell]
        for cell in dict.fromkeys(o.cell for o in objects)
    }
    answer = " ".join(
        f"A{' and '.join(things)[1:]} {'lies' if len(things) == 1 else 'lie'} in the {cell}."
        for cell, things in cells.items()
    )
    truth = [
        {
            "instance_id": f"{image['image_id']}#{o.index}",
            "category": o.category,
            "size": o.size,
            "cell": o.cell,
        }
        for o in objects
    ]
    return dialogue(
        image,
        "fine_grained_description",
        "all",
        "all",
        question="Describe the targets.",
        answer=answer,
        objects=objects,
        truth={"objects": truth},
    )


def count(image, category, objects):
    n = len(objects)
    answer = f"There {'is' if n == 1 else 'are'} {counted(category, n)}"
    answer += ": " + "".join(o.text for o in objects) if n else "."
    return dialogue(
        image,
        "instance_counting",
        "all",
        category,
        question=f"How many {PLURALS[category]}?",
        answer=answer,
        objects=objects,
        truth={"category": category, "count": n, "listed": n},
    )


def ground(image, objects, groups, relations=()):
    """`groups`: lists of objects; `relations`: (direction, its words, proximity, its words)."""
    answer = (
        ". ".join(
            f"{counted(g[0].category, len(g))} in the {g[0].cell}: " + "".join(o.text for o in g)
            for g in groups
        )
        + "."
    )
    for index, (_, words, _, near) in enumerate(relations, start=1):
        first, second = (
            f"{g[0].category if len(g) == 1 else PLURALS[g[0].category]} in the {g[0].cell}"
            for g in (groups[index], groups[index - 1])
        )
        answer += f" The {first}: {words} the {second}, {near} that place."
    truth = {
        "groups": [{"category": g[0].category, "cell": g[0].cell, "count": len(g)} for g in groups],
        "relations": [{"direction": r[0], "proximity": r[2]} for r in relations],
        "asked": None,
        "cell": None,
        "answer": None,
    }
    subtask = "single" if len(objects) == 1 else "multi"
    return dialogue(
        image,
        "spatial_grounding",
        subtask,
        "all",
        question="Locate all.",
        answer=answer,
        objects=objects,
        truth=truth,
    )


def present_in(image, category, cell, objects):
    verdict = "yes" if objects else "no"
    return dialogue(
        image,
        "spatial_grounding",
        "presence",
        f"{category}-{cell.replace(' ', '_')}",
        question=f"Is there a {category} in the {cell}?",
        answer=f"{verdict.title()}, {counted(category, len(objects))} in the {cell}.",
        objects=objects,
        truth={"groups": [], "relations": [], "asked": category, "cell": cell, "answer": verdict},
    )


NO_RELATION = {"direction": None, "proximity": None, "distance_px": None, "options": []}


def words_of(o):
    return {"category": o.category, "size": o.size, "shape": o.shape, "cell": o.cell}


def identify(image, o):
    answer = f"This is a {o.word}, {o.shape} {o.category} in the {o.cell}."
    return dialogue(
        image,
        "cross_modal_identification",
        "single",
        str(o.index),
        question=f"What is in {o.text}?",
        answer=answer,
        objects=[o],
        truth={"objects": [words_of(o)]} | NO_RELATION,
    )


def name(image, o):
    return dialogue(
        image,
        "cross_modal_identification",
        "category",
        str(o.index),
        question=f"To which class does {o.text} belong?",
        answer=f"It is a {o.category}.",
        objects=[o],
        truth={"objects": [words_of(o)]} | NO_RELATION,
    )


def choose(image, o, options):
    return dialogue(
        image,
        "cross_modal_identification",
        "choice",
        str(o.index),
        question=f"Is {o.text} a {options[0]} or a {options[1]}?",
        answer=f"It is a {o.category}.",
        objects=[o],
        truth={"objects": [words_of(o)]} | NO_RELATION | {"options": options},
    )


def nearest(image, a, b, *, direction, direction_words, near, way):
    """From `a` to the nearest `b`, which lies in a direction from it."""
    return dialogue(
        image,
        "cross_modal_identification",
        "nearest",
        f"{a.index}-{b.category}",
        question=f"Which {b.category} is nearest to {a.text}?",
        answer=f"It is at {b.text}, {direction_words} the given object and {way} px away.",
        objects=[a, b],
        truth={
            "objects": [words_of(a), words_of(b)],
            "direction": direction,
            "proximity": near,
            "distance_px": way,
            "options": [],
        },
    )


def pair(image, a, b, *, direction, direction_words, near, near_words, way):
    answer = (
        f"The first is a {a.category}, the second a {b.category}; the first lies "
        f"{direction_words} it, {near_words} it, {way} px away."
    )
    return dialogue(
        image,
        "cross_modal_identification",
        "multi",
        f"{a.index}-{b.index}",
        question=f"How does {a.text} lie to {b.text}?",
        answer=answer,
        objects=[a, b],
        truth={
            "objects": [words_of(a), words_of(b)],
            "direction": direction,
            "proximity": near,
            "distance_px": way,
            "options": [],
        },
    )


NO_PHRASE = dict.fromkeys(
    ("size", "shape", "cell", "order", "rank", "relation", "anchor"),
)


def refer(image, category, objects):
    answer = ", ".join(f"{o.text} ({o.cell})" for o in objects)
    subtask = "single" if len(objects) == 1 else "multi"
    return dialogue(
        image,
        "referring",
        subtask,
        category,
        question=f"Locate {counted(category, len(objects))}.",
        answer=answer,
        objects=objects,
        truth={"category": category} | NO_PHRASE,
    )


def refer_unique(image, o, phrase, **used):
    truth = {"category": o.category} | NO_PHRASE | used
    return dialogue(
        image,
        "referring",
        "unique",
        str(o.index),
        question=f"Where is the {phrase}?",
        answer=f"It is at {o.text} ({o.cell}).",
        objects=[o],
        truth=truth,
    )


def of_category(objects, category):
    return [o for o in objects if o.category == category]


def exhaustive(image, objects, present):
    """The dialogues that every image has."""
    rows = [classify(image, objects, present)]
    for category in dict.fromkeys(o.category for o in objects):
        rows += [
            count(image, category, of_category(objects, category)),
            refer(image, category, of_category(objects, category)),
        ]
    first, *others = objects
    rows += [identify(image, o) for o in objects]
    # The first object is asked about by a choice, where its source knows tanks or aircraft.
    other = "tank" if "tank" in image["categories_annotated"] else "aircraft"
    options = [other if other != first.category else "harbor", first.category]
    return [*rows, choose(image, first, options), *(name(image, o) for o in others)]
