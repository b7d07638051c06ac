// The dialogues about a picture, grouped by task; what the pointer is on is marked in the picture.

const TOKEN = /\{(?:<\d+>){4}(?:\|<\d+>)?\}|\{<[^{}]*>\}/g;

class Dialogues {
  constructor(picture, chip, chosen) {
    this.picture = picture;
    this.chip = chip;
    this.chosen = chosen;
    this.closed = new Set();
    this.pinned = -1;
    this.object = -1;
    this.node = el("section", { class: "dialogues", "aria-label": "Dialogues" });
    this.draw();
  }

  // Those of the tasks and outcomes that are chosen, about the object that is picked.
  wanted() {
    const tasks = this.chosen.task || [];
    const outcomes = this.chosen.outcome || [];
    const object = this.picture.objects[this.object];
    return this.picture.dialogues.filter(
      (d) =>
        (!tasks.length || tasks.includes(d.task) || tasks.includes(`${d.task}/${d.subtask}`)) &&
        (!outcomes.length || (d.prediction && outcomes.includes(d.prediction.outcome))) &&
        (!object || d.instance_ids.includes(object.instance_id)),
    );
  }

  draw() {
    this.shown = this.wanted();
    const tasks = [...new Set(this.shown.map((d) => d.task))];
    this.cards = [];
    const parts = [];
    if (this.object >= 0) {
      const { category, source_category } = this.picture.objects[this.object];
      const own = source_category && source_category !== category ? ` (${source_category})` : "";
      parts.push(
        el("p", { class: "only" }, el("span", {}, `About this ${category}${own}`), el("button", { type: "button", onclick: () => this.pick(-1) }, "Show all")),
      );
    }
    for (const task of tasks) {
      const dialogues = this.shown.filter((d) => d.task === task);
      const closed = this.closed.has(task);
      const fold = () => {
        if (!this.closed.delete(task)) this.closed.add(task);
        this.draw();
      };
      parts.push(
        el(
          "button", { type: "button", class: "head", "aria-expanded": String(!closed), onclick: fold },
          el("h3", {}, capital(taskName(task))), el("span", { class: "number" }, count(dialogues.length)),
        ),
      );
      if (!closed) parts.push(...dialogues.map((dialogue) => this.card(dialogue)));
    }
    if (!parts.length) parts.push(el("p", { class: "empty" }, "No dialogue of this picture fits the filters."));
    this.node.replaceChildren(...parts);
    this.pinned = -1;
    this.chip.mark(null);
  }

  card(dialogue) {
    const number = this.cards.length;
    const [question, answer] = dialogue.messages;
    const { prediction } = dialogue;
    const card = el(
      "article",
      {
        class: "talk", "data-id": dialogue.dialogue_id,
        onclick: (event) => event.target.closest("details") || this.pin(this.pinned === number ? -1 : number),
        onpointerenter: (event) => event.pointerType === "mouse" && this.chip.mark(dialogue),
        onpointerleave: () => this.mark(),
      },
      (dialogue.subtask !== "all" || prediction) && el(
        "p", { class: "kind" }, el("span", { class: "label" }, dialogue.subtask === "all" ? "" : words(dialogue.subtask)),
        prediction && el("span", { class: `outcome ${OUTCOMES.indexOf(prediction.outcome) < 2 ? prediction.outcome : ""}` }, words(prediction.outcome)),
      ),
      el("p", { class: "question" }, this.text(dialogue, question.content.replace(/^<image>\n/, ""))),
      el("p", { class: "answer" }, this.text(dialogue, answer.content)),
      prediction && el(
        "p", { class: "model" }, el("span", { class: "label" }, "model "),
        prediction.text || (prediction.boxes.length ? some(prediction.boxes.length, "box", "boxes") : "no answer"),
      ),
      el(
        "details", {}, el("summary", {}, "Source of this text"),
        el("pre", {}, [dialogue.dialogue_id, ...dialogue.template_ids, JSON.stringify(dialogue.ground_truth, null, 1)].join("\n")),
      ),
    );
    this.cards.push({ node: card, dialogue });
    return card;
  }

  // Coordinates are marks that light up their own box.
  text(dialogue, content) {
    const parts = [];
    let end = 0;
    for (const found of content.matchAll(TOKEN)) {
      const numbers = found[0].match(/\d+/g).map(Number);
      const one = dialogue.objects.findIndex((o) => o.bbox.every((v, i) => Math.abs(v - numbers[i]) <= 0.5));
      // Boxes stand without a space between them: a line may end there all the same.
      parts.push(content.slice(end, found.index) || "\u200b");
      parts.push(
        el(
          "span", { class: "coordinates", onpointerenter: () => this.chip.mark(dialogue, one), onpointerleave: () => this.chip.mark(dialogue) },
          numbers.slice(0, 4).join(" "),
        ),
      );
      end = found.index + found[0].length;
    }
    return [...parts, content.slice(end)];
  }

  mark() {
    this.chip.mark(this.pinned < 0 ? null : this.cards[this.pinned].dialogue);
  }

  pin(number, scroll = false) {
    this.pinned = number;
    this.cards.forEach((card, n) => card.node.classList.toggle("pinned", n === number));
    this.mark();
    if (scroll && number >= 0) this.cards[number].node.scrollIntoView({ block: "nearest" });
  }

  step(by) {
    if (!this.cards.length) return;
    const next = this.pinned < 0 ? (by > 0 ? 0 : this.cards.length - 1) : this.pinned + by;
    this.pin(Math.min(Math.max(next, 0), this.cards.length - 1), true);
  }

  find(dialogueId) {
    const number = this.cards.findIndex((card) => card.dialogue.dialogue_id === dialogueId);
    if (number >= 0) this.pin(number, true);
  }

  pick(number) {
    this.object = this.object === number ? -1 : number;
    this.chip.pick(this.object);
    this.draw();
  }
}
