// The dialogues about a picture, grouped by task; what the pointer is on is marked in the picture.

const TOKEN = /\{(?:<\d+>){4}(?:\|<\d+>)?\}|\{<[^{}]*>\}/g;

class Dialogues {
  // `linkOf` gives the address of a dialogue, `onPin` hears which one is marked, "" for none.
  constructor(picture, chip, chosen, linkOf, onPin) {
    this.picture = picture;
    this.chip = chip;
    this.chosen = chosen;
    this.linkOf = linkOf;
    this.onPin = onPin;
    this.closed = new Set();
    this.pinned = -1;
    this.only = null;
    this.object = -1;
    this.node = el("section", { class: "dialogues", "aria-label": "Dialogues" });
    this.draw();
  }

  // Those that fit what is chosen, about the object that is picked.
  wanted() {
    const object = this.picture.objects[this.object];
    return this.picture.dialogues.filter((d) => fitsDialogue(this.chosen, d) && (!object || d.instance_ids.includes(object.instance_id)));
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
          "button", { type: "button", class: "head", "aria-expanded": String(!closed), "data-keep": `head ${task}`, onclick: fold },
          el("h3", {}, capital(taskName(task))), el("span", { class: "number" }, count(dialogues.length)),
        ),
      );
      if (!closed) parts.push(...dialogues.map((dialogue) => this.card(dialogue)));
    }
    if (!parts.length) parts.push(el("p", { class: "empty" }, "No dialogue of this picture fits the filters."));
    keepFocus(this.node, () => this.node.replaceChildren(...parts));
    this.pinned = -1;
    this.only = null;
    this.chip.mark(null);
  }

  card(dialogue) {
    const number = this.cards.length;
    const [question, answer] = dialogue.messages;
    const { prediction } = dialogue;
    const card = el(
      "article",
      {
        class: "talk", "data-id": dialogue.dialogue_id, "data-keep": "talk", tabindex: number ? -1 : 0,
        onclick: (event) => event.target.closest("details, a") || this.pin(this.pinned === number ? -1 : number),
        onkeydown: (event) => event.target === card && this.onEnter(event, () => this.pin(this.pinned === number ? -1 : number)),
        onpointerenter: (event) => event.pointerType === "mouse" && this.chip.mark(dialogue),
        onpointerleave: () => this.mark(),
      },
      (dialogue.subtask !== "all" || prediction) && el(
        "p", { class: "kind" }, el("span", { class: "label" }, dialogue.subtask === "all" ? "" : words(dialogue.subtask)),
        prediction && el("span", { class: `outcome ${OUTCOMES.indexOf(prediction.outcome) < 2 ? prediction.outcome : ""}` }, words(prediction.outcome)),
      ),
      el("p", { class: "question" }, this.text(number, dialogue, question.content.replace(/^<image>\n/, ""))),
      el("p", { class: "answer" }, this.text(number, dialogue, answer.content)),
      prediction && el(
        "p", { class: "model" }, el("span", { class: "label" }, "model "),
        prediction.text || (prediction.boxes.length ? some(prediction.boxes.length, "box", "boxes") : "no answer"),
      ),
      el("a", { class: "link", href: this.linkOf(dialogue.dialogue_id) }, "Link to this dialogue"),
      el(
        "details", {}, el("summary", {}, "Source of this text"),
        el("pre", {}, [dialogue.dialogue_id, ...dialogue.template_ids, JSON.stringify(dialogue.ground_truth, null, 1)].join("\n")),
      ),
    );
    this.cards.push({ node: card, dialogue });
    return card;
  }

  // Coordinates are marks that light up their own box: a pointer for as long as it is there, a click for good.
  text(number, dialogue, content) {
    const parts = [];
    let end = 0;
    for (const found of content.matchAll(TOKEN)) {
      const numbers = found[0].match(/\d+/g).map(Number);
      const object = dialogue.objects.find((o) => o.bbox.every((v, i) => Math.abs(v - numbers[i]) <= 0.5));
      const only = object || { ref: "box", bbox: numbers.slice(0, 4) };
      const hold = () => {
        if (this.pinned !== number) this.pin(number);
        this.only = this.only === only ? null : only;
        this.mark();
      };
      // Boxes stand without a space between them: a line may end there all the same.
      parts.push(content.slice(end, found.index) || "\u200b");
      parts.push(
        el(
          "span",
          {
            class: "coordinates", role: "button", tabindex: -1,
            onpointerenter: (event) => event.pointerType === "mouse" && this.chip.mark(dialogue, only),
            onpointerleave: (event) => event.pointerType === "mouse" && this.chip.mark(dialogue),
            onfocus: () => this.chip.mark(dialogue, only), onblur: () => this.mark(),
            onclick: (event) => (event.stopPropagation(), hold()),
            onkeydown: (event) => this.onEnter(event, hold),
          },
          numbers.slice(0, 4).join(" "),
        ),
      );
      end = found.index + found[0].length;
    }
    return [...parts, content.slice(end)];
  }

  onEnter(event, action) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    action();
  }

  mark() {
    this.chip.mark(this.pinned < 0 ? null : this.cards[this.pinned].dialogue, this.only);
  }

  // The Tab key comes to one card, the marked one or else the first, and to its coordinates.
  pin(number, { scroll = false, told = true } = {}) {
    this.pinned = number;
    this.only = null;
    this.cards.forEach(({ node }, n) => {
      node.classList.toggle("pinned", n === number);
      node.tabIndex = n === Math.max(number, 0) ? 0 : -1;
      for (const mark of node.querySelectorAll(".coordinates")) mark.tabIndex = n === number ? 0 : -1;
    });
    this.mark();
    if (scroll && number >= 0) this.cards[number].node.scrollIntoView({ block: "nearest" });
    if (told) this.onPin(number < 0 ? "" : this.cards[number].dialogue.dialogue_id);
  }

  step(by) {
    if (!this.cards.length) return;
    const next = this.pinned < 0 ? (by > 0 ? 0 : this.cards.length - 1) : this.pinned + by;
    this.pin(Math.min(Math.max(next, 0), this.cards.length - 1), { scroll: true });
    this.cards[this.pinned].node.focus({ preventScroll: true });
  }

  // Mark a dialogue; the text says why it cannot be seen.
  find(dialogueId) {
    const number = this.cards.findIndex((card) => card.dialogue.dialogue_id === dialogueId);
    if (number >= 0) this.pin(number, { scroll: true, told: false });
    else if (this.picture.dialogues.some((d) => d.dialogue_id === dialogueId)) return `The dialogue ${dialogueId} does not fit the filters.`;
    else return `There is no dialogue ${dialogueId}; this is its picture.`;
    return "";
  }

  pick(number) {
    this.object = this.object === number ? -1 : number;
    this.chip.pick(this.object);
    this.draw();
    this.node.scrollTop = 0;
    this.onPin("");
  }

  // One object after the other, as many as the picture has, and none behind the last.
  stepObject(by) {
    const all = this.picture.objects.length + 1;
    const next = ((this.object + 1 + by + all) % all) - 1;
    this.pick(next < 0 ? this.object : next);
  }
}
