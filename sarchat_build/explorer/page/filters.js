// Which pictures are shown: choices of a facet are alternatives, facets narrow each other.

const PICTURE_FACETS = [
  { name: "source", title: "Source", column: "source" },
  { name: "split", title: "Split", column: "split" },
  { name: "category", title: "Category", column: "categories" },
  { name: "size", title: "Size of an object", column: "sizes" },
];
// What is chosen of these is true of one dialogue: a kind is [task, subtask, form, outcome].
const ANSWER_FACETS = [
  { name: "task", title: "Task", of: ([task, subtask]) => [task, `${task}/${subtask}`] },
  { name: "form", title: "Form of the answer", of: ([, , form]) => [form] },
  { name: "outcome", title: "Outcome", of: ([, , , outcome]) => (outcome ? [outcome] : []) },
];
const FACETS = [...PICTURE_FACETS, ...ANSWER_FACETS];

const OUTCOMES = ["right", "wrong", "no box", "unparsable", "truncated", "refusal", "missing"];
const FORMS = ["word", "short", "sentence", "record", "yes_no", "number", "boxes", "words"];
const FORM_NAMES = { short: "values side by side", record: "record (JSON)", yes_no: "yes or no", number: "number alone", words: "words, no box" };

// A kind of dialogue that does not fit more than one facet.
const MORE = 99;

const kindOf = (name) => {
  const [task, subtask, form, ...outcome] = name.split("/");
  return [task, subtask, form, outcome.join("/")];
};
const fitsChoice = (facet, chosen, kind) => {
  const wanted = chosen[facet.name] || [];
  return !wanted.length || facet.of(kind).some((option) => wanted.includes(option));
};
const fitsDialogue = (chosen, { task, subtask, form, prediction }) =>
  ANSWER_FACETS.every((facet) => fitsChoice(facet, chosen, [task, subtask, form, prediction ? prediction.outcome : ""]));

// A subtask stands in the place of its task, and a task in that of its subtasks.
function toggled(name, chosen, option) {
  const options = new Set(chosen);
  const pressed = options.delete(option);
  if (!pressed) options.add(option);
  if (name !== "task") return [...options];
  const [task, subtask] = option.split("/");
  const below = [...options].filter((o) => o.startsWith(`${task}/`));
  if (!pressed && subtask) options.delete(task);
  else if (!pressed) for (const o of below) options.delete(o);
  else if (subtask && !below.length) options.add(task);
  return [...options];
}

class Index {
  constructor(start) {
    this.ids = start.index.image_id;
    this.objects = start.index.objects;
    this.dialogues = start.index.dialogues;
    this.places = null;
    this.lower = null;
    const { names, values, codes } = start.index.answers;
    const kinds = names.map(kindOf);
    // Lists of kinds behind each other, and where each begins.
    const starts = new Int32Array(values.length + 1);
    values.forEach((text, code) => (starts[code + 1] = starts[code] + text.length));
    const flat = new Uint16Array(starts[values.length]);
    values.forEach((text, code) => {
      for (let i = 0; i < text.length; i++) flat[starts[code] + i] = text.charCodeAt(i) - 48;
    });
    this.answers = { kinds, flat, starts, codes: Int32Array.from(codes) };
    const known = { split: start.dataset.splits, size: start.dataset.sizes, task: start.dataset.tasks, form: FORMS, outcome: OUTCOMES };
    const sorted = ({ name }, options) => {
      const rank = (option) => (known[name] ? known[name].indexOf(option.split("/")[0]) : 0);
      return [...new Set(options)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    };
    const ofPictures = PICTURE_FACETS.map((facet) => {
      const coded = start.index[facet.column];
      const tables = coded.values.map((value) => (Array.isArray(value) ? value : [value]));
      return { ...facet, tables, options: sorted(facet, tables.flat()), codes: Int32Array.from(coded.codes) };
    });
    const ofAnswers = ANSWER_FACETS.map((facet) => {
      const options = sorted(facet, kinds.flatMap(facet.of));
      return { ...facet, options, numbers: kinds.map((kind) => facet.of(kind).map((option) => options.indexOf(option))) };
    });
    this.facets = [...ofPictures, ...ofAnswers].filter((facet) => facet.options.length > 0);
    this.ofPictures = this.facets.filter((facet) => facet.tables);
    this.ofAnswers = this.facets.filter((facet) => !facet.tables);
  }

  // The picture of this id; -1 if there is none. Who asks for no id does not wait for the table.
  picture(id) {
    if (id && !this.places) this.places = new Map(this.ids.map((own, position) => [own, position]));
    return id ? this.places.get(id) ?? -1 : -1;
  }

  // The picture that a dialogue of this id is about.
  ofDialogue(id) {
    return this.picture(id) < 0 ? this.picture(id.split("/").slice(0, -3).join("/")) : -1;
  }

  // Positions that fit, and for each choice how many would with it.
  filter(chosen, text) {
    const facets = this.ofPictures;
    const { codes } = this.answers;
    const lists = this.answers.starts.length - 1;
    const fits = facets.map((facet) => {
      const wanted = chosen[facet.name] || [];
      return facet.tables.map((table) => !wanted.length || wanted.some((option) => table.includes(option)));
    });
    const tallies = [...facets.map((facet) => facet.tables.length), lists].map((length) => new Uint32Array(length));
    // Of each kind of dialogue the only facet that it does not fit: -1 where it fits all.
    const lacks = Int8Array.from(this.answers.kinds, (kind) => {
      const missed = [...this.ofAnswers.keys()].filter((f) => !fitsChoice(this.ofAnswers[f], chosen, kind));
      return missed.length > 1 ? MORE : missed.length ? missed[0] : -1;
    });
    const free = !this.ofAnswers.some((facet) => (chosen[facet.name] || []).length);
    const answered = free ? new Uint8Array(lists).fill(1) : this.answered(lacks, lists);
    const whole = text.trim();
    const only = this.ofDialogue(whole);
    const needle = only < 0 ? whole.toLowerCase() : "";
    if (needle && !this.lower) this.lower = this.ids.map((id) => id.toLowerCase());
    const found = [];
    for (let row = 0; row < this.ids.length; row++) {
      if ((only >= 0 && row !== only) || (needle && !this.lower[row].includes(needle))) continue;
      let misses = 0;
      let missed = -1;
      for (let f = 0; f < facets.length && misses < 2; f++) {
        if (!fits[f][facets[f].codes[row]]) {
          misses++;
          missed = f;
        }
      }
      if (misses < 2 && !answered[codes[row]]) {
        misses++;
        missed = facets.length;
      }
      if (misses === 0) {
        found.push(row);
        for (let f = 0; f < facets.length; f++) tallies[f][facets[f].codes[row]]++;
        tallies[facets.length][codes[row]]++;
      } else if (misses === 1) tallies[missed][missed < facets.length ? facets[missed].codes[row] : codes[row]]++;
    }
    return { found, counts: new Map([...this.pictureCounts(tallies), ...this.answerCounts(tallies[facets.length], lacks)]) };
  }

  answered(lacks, lists) {
    const { flat, starts } = this.answers;
    const found = new Uint8Array(lists);
    for (let code = 0; code < lists; code++) {
      for (let i = starts[code]; i < starts[code + 1] && !found[code]; i++) if (lacks[flat[i]] === -1) found[code] = 1;
    }
    return found;
  }

  pictureCounts(tallies) {
    return this.ofPictures.map((facet, f) => {
      const counts = new Map(facet.options.map((option) => [option, 0]));
      facet.tables.forEach((table, code) => {
        for (const option of table) counts.set(option, counts.get(option) + tallies[f][code]);
      });
      return [facet.name, counts];
    });
  }

  // A picture counts once for an option, however many of its dialogues have it.
  answerCounts(tally, lacks) {
    const { flat, starts } = this.answers;
    return this.ofAnswers.map((facet, f) => {
      const sums = new Uint32Array(facet.options.length);
      const seen = new Int32Array(facet.options.length).fill(-1);
      for (let code = 0; code < tally.length; code++) {
        if (!tally[code]) continue;
        for (let i = starts[code]; i < starts[code + 1]; i++) {
          const lack = lacks[flat[i]];
          if (lack !== -1 && lack !== f) continue;
          for (const option of facet.numbers[flat[i]]) {
            if (seen[option] === code) continue;
            seen[option] = code;
            sums[option] += tally[code];
          }
        }
      }
      return [facet.name, new Map(facet.options.map((option, number) => [option, sums[number]]))];
    });
  }
}

function drawFilters(index, state, result, change) {
  const toggle = ({ name }, option) => change({ ...state.chosen, [name]: toggled(name, state.chosen[name], option) });
  const button = (facet, option, number) => {
    const below = facet.name === "task" && option.includes("/");
    const chosen = state.chosen[facet.name] || [];
    const pressed = chosen.includes(option);
    const partly = facet.name === "task" && !below && chosen.some((o) => o.startsWith(`${option}/`));
    const names = { source: () => option, form: () => FORM_NAMES[option] || words(option), task: () => (below ? words(option.split("/")[1]) : taskName(option)) };
    const name = (names[facet.name] || (() => words(option)))();
    return el(
      "button",
      {
        type: "button", "aria-pressed": partly ? "mixed" : String(pressed), title: name,
        class: `${below ? "below" : ""} ${number ? "" : "none"}`, onclick: () => toggle(facet, option),
        "data-option": option,
      },
      facet.name === "category" && el("span", { class: "dot", style: { "--color": colorOf(option) } }),
      el("span", { class: "name" }, name),
      el("span", { class: "number" }, count(number)),
    );
  };
  // A task is opened when it, or one of its subtasks, is chosen: six lines to begin with.
  const opened = (option, facet) => {
    if (facet.name !== "task" || !option.includes("/")) return true;
    const task = option.split("/")[0];
    const siblings = facet.options.filter((o) => o.startsWith(`${task}/`));
    return siblings.length > 1 && (state.chosen.task || []).some((o) => o.split("/")[0] === task);
  };
  const any = Object.values(state.chosen).some((options) => options.length) || state.text;
  const shown = result.found.length;
  const pane = byId("filters");
  const top = pane.scrollTop;
  const focused = pane.contains(document.activeElement) && document.activeElement.dataset.option;
  pane.replaceChildren(
    el(
      "div", { class: "found" },
      el("span", {}, el("b", { class: "number" }, count(shown)), el("span", { class: "muted" }, ` ${shown === 1 ? "picture" : "pictures"}`)),
      any && el("button", { type: "button", onclick: () => change({}, "") }, "Clear"),
    ),
    ...index.facets.map((facet) =>
      el(
        "section", { class: "facet" }, el("h2", {}, facet.title),
        facet.options.filter((option) => opened(option, facet)).map((option) => button(facet, option, result.counts.get(facet.name).get(option))),
      ),
    ),
    el("button", { type: "button", class: "filters-close", onclick: closeFilters }, `Show ${some(shown, "picture")}`),
  );
  pane.scrollTop = top;
  if (focused) [...pane.querySelectorAll("[data-option]")].find((b) => b.dataset.option === focused)?.focus();
}
