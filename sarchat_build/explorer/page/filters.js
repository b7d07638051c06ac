// Which pictures are shown: choices of a facet are alternatives, facets narrow each other.

const FACETS = [
  { name: "source", title: "Source", column: "source" },
  { name: "split", title: "Split", column: "split" },
  { name: "category", title: "Category", column: "categories" },
  { name: "size", title: "Size of an object", column: "sizes" },
  { name: "task", title: "Task", column: "subtasks" },
  { name: "outcome", title: "Outcome", column: "outcomes" },
];

const OUTCOMES = ["right", "wrong", "no box", "unparsable", "truncated", "refusal", "missing"];

// A choice of the facet "task" is a task or "task/subtask".
const optionsOf = (name, values) =>
  name === "task" ? [...new Set(values.flatMap((v) => [v.split("/")[0], v]))] : values;

class Index {
  constructor(start) {
    this.ids = start.index.image_id;
    this.objects = start.index.objects;
    this.dialogues = start.index.dialogues;
    this.lower = null;
    this.facets = FACETS.map((facet) => this.facet(facet, start)).filter((facet) => facet.options.length > 0);
  }

  facet(facet, start) {
    const coded = facet.name === "outcome" ? this.outcomes(start.outcomes) : start.index[facet.column];
    const lists = coded.values.map((value) => (Array.isArray(value) ? value : [value]));
    const tables = lists.map((list) => optionsOf(facet.name, list));
    const known = { split: start.dataset.splits, size: start.dataset.sizes, task: start.dataset.tasks, outcome: OUTCOMES }[facet.name];
    const rank = (option) => (known ? known.indexOf(option.split("/")[0]) : 0);
    const options = [...new Set(tables.flat())].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    return { ...facet, tables, options, codes: Int32Array.from(coded.codes) };
  }

  outcomes(found) {
    if (!found) return { values: [], codes: [] };
    const codes = new Int32Array(this.ids.length).fill(found.values.length);
    for (const [position, code] of Object.entries(found.pictures)) codes[position] = code;
    return { values: [...found.values, []], codes };
  }

  // Positions that fit, and for each choice how many would with it.
  filter(chosen, text) {
    const facets = this.facets;
    const fits = facets.map((facet) => {
      const wanted = chosen[facet.name] || [];
      return facet.tables.map((table) => !wanted.length || wanted.some((option) => table.includes(option)));
    });
    const tallies = facets.map((facet) => new Uint32Array(facet.tables.length));
    const needle = text.trim().toLowerCase();
    if (needle && !this.lower) this.lower = this.ids.map((id) => id.toLowerCase());
    const found = [];
    for (let row = 0; row < this.ids.length; row++) {
      if (needle && !this.lower[row].includes(needle)) continue;
      let misses = 0;
      let missed = -1;
      for (let f = 0; f < facets.length && misses < 2; f++) {
        if (!fits[f][facets[f].codes[row]]) {
          misses++;
          missed = f;
        }
      }
      if (misses === 0) {
        found.push(row);
        for (let f = 0; f < facets.length; f++) tallies[f][facets[f].codes[row]]++;
      } else if (misses === 1) tallies[missed][facets[missed].codes[row]]++;
    }
    return { found, counts: facets.map((facet, f) => this.counts(facet, tallies[f])) };
  }

  counts(facet, tally) {
    const counts = new Map(facet.options.map((option) => [option, 0]));
    facet.tables.forEach((table, code) => {
      for (const option of table) counts.set(option, counts.get(option) + tally[code]);
    });
    return counts;
  }
}

function drawFilters(index, state, result, change) {
  const toggle = (facet, option) => {
    const chosen = new Set(state.chosen[facet.name] || []);
    if (!chosen.delete(option)) chosen.add(option);
    change({ ...state.chosen, [facet.name]: [...chosen] });
  };
  const button = (facet, option, number) => {
    const below = facet.name === "task" && option.includes("/");
    const pressed = (state.chosen[facet.name] || []).includes(option);
    const name = facet.name === "source" ? option : below ? words(option.split("/")[1]) : taskName(option);
    return el(
      "button",
      {
        type: "button", "aria-pressed": String(pressed), title: name,
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
    ...index.facets.map((facet, f) =>
      el(
        "section", { class: "facet" }, el("h2", {}, facet.title),
        facet.options.filter((option) => opened(option, facet)).map((option) => button(facet, option, result.counts[f].get(option))),
      ),
    ),
    el("button", { type: "button", class: "filters-close", onclick: () => pane.classList.remove("open") }, `Show ${some(shown, "picture")}`),
  );
  pane.scrollTop = top;
  if (focused) [...pane.querySelectorAll("[data-option]")].find((b) => b.dataset.option === focused)?.focus();
}
