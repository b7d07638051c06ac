// State, address and keys: what is shown follows from the address, and every change goes there.

const VIEWS = { picture: "Pictures", grid: "Grid", rejects: "Rejects", duplicates: "Duplicates", about: "About" };
const LOOKS = ["picture", "grid"];
const KEYS = [
  [["←", "→"], "picture before, after"], [["↑", "↓"], "dialogue before, after"], [["g"], "grid of pictures"],
  [[",", "."], "object before, after, with its dialogues"], [["b"], "boxes"], [["o"], "outlines and rotated boxes"], [["n"], "names"], [["l"], "lighter picture"], [["+", "−", "0"], "zoom in, out, whole"],
  [["/"], "find an id of a picture or a dialogue"], [["?"], "these keys"], [["Esc"], "close, clear"],
];

const state = { view: "picture", id: "", chosen: {}, text: "", dialogue: "", query: {} };
const shows = { boxes: true, outlines: true, names: true, lighter: false };
let filters = { chosen: {}, text: "" };
let start, index, result, here = -1, chip = null, dialogues = null, ticket = 0, writing = 0;

// Whatever an address says, something is shown; what cannot be understood is named.
function readAddress() {
  const faults = [];
  const [path, ...queries] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  const parameters = new URLSearchParams(queries.join("?"));
  state.view = Object.hasOwn(VIEWS, view) ? view : "picture";
  if (view && view !== state.view) faults.push(`There is no view “${view}”.`);
  try {
    state.id = decodeURIComponent(rest.join("/"));
  } catch {
    state.id = "";
    faults.push(`The address cannot be read (“${rest.join("/")}” is no id); this is the first picture.`);
  }
  state.dialogue = parameters.get("dialogue") || "";
  state.text = parameters.get("find") || "";
  state.query = { source: parameters.get("source"), reason: parameters.get("reason"), text: state.text };
  state.chosen = {};
  for (const { name, title } of LOOKS.includes(state.view) ? FACETS : []) {
    if (!parameters.has(name)) continue;
    const { options } = index.facets.find((facet) => facet.name === name) || { options: [] };
    const wanted = parameters.get(name).split(",");
    const strange = wanted.filter((option) => !options.includes(option));
    if (strange.length) faults.push(`${title}: there is no “${strange.join(", ")}” here.`);
    state.chosen[name] = wanted.filter((o) => options.includes(o) && !(name === "task" && wanted.some((other) => other.startsWith(`${o}/`))));
  }
  return faults;
}

// One line above everything: what an address or a search asks for and does not get.
function note(...parts) {
  byId("note").append(...parts.flatMap((part) => [part, " "]));
  byId("note").hidden = !byId("note").hasChildNodes();
}

function addressOf({ view = state.view, id = state.id, chosen = state.chosen, text = state.text, dialogue = "", reason = "" }) {
  const parameters = new URLSearchParams();
  for (const [name, options] of Object.entries(chosen)) if (options.length) parameters.set(name, options.join(","));
  if (text) parameters.set("find", text);
  if (dialogue) parameters.set("dialogue", dialogue);
  if (reason) parameters.set("reason", reason);
  const query = parameters.toString();
  const of = view === "picture" && id ? `/${id.split("/").map(encodeURIComponent).join("/")}` : "";
  return `#/${view}${of}${query ? `?${query}` : ""}`;
}

// Steps from picture to picture replace the entry of the history: "back" leaves the picture.
function go(change, replace = false) {
  const address = addressOf(change);
  if (address === location.hash) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  show();
}

function show() {
  clearTimeout(writing);
  const from = state.view;
  byId("note").replaceChildren();
  note(...readAddress());
  byId("filters").hidden = !LOOKS.includes(state.view);
  if (LOOKS.includes(state.view)) filters = { chosen: state.chosen, text: state.text };
  if (byId("search").value.trim() !== state.text) byId("search").value = state.text;
  result = index.filter(state.chosen, state.text);
  drawFilters(index, state, result, (chosen, text = state.text) => go({ chosen, text, id: keepId(chosen, text) }));
  keepFocus(byId("views"), drawViews);
  const turn = ++ticket;
  const main = byId("main");
  const put = (node) => turn === ticket && keepFocus(main, () => main.replaceChildren(node));
  const fault = (error) => put(el("p", { class: "empty fault" }, error.message));
  if (state.view !== "picture") closeLook();
  if (state.view === "picture") showPicture(turn).catch(fault);
  else if (state.view === "grid") {
    put(gridView(from === "picture" ? Math.max(result.found.indexOf(here), 0) : 0));
    const current = main.querySelector(".thumb[aria-current]");
    if (current) current.scrollIntoView({ block: "center" });
  }
  else if (state.view === "rejects") rejectsView(start.dataset, state.query, (q) => go({ chosen: q.source ? { source: [q.source] } : {}, reason: q.reason })).then(put, fault);
  else if (state.view === "duplicates") duplicatesView(state.query, (position) => open(position, true)).then(put, fault);
  else put(aboutView(start));
}

// The picture stays in sight while it fits the filters.
function keepId(chosen, text) {
  const { found } = index.filter(chosen, text);
  return here >= 0 && found.includes(here) ? index.ids[here] : "";
}

function open(position, fresh = false) {
  go({ view: "picture", id: index.ids[position], ...(fresh ? { chosen: {}, text: "" } : {}) });
}

async function showPicture(turn) {
  const { found } = result;
  const named = index.picture(state.id);
  if (state.id && named < 0) {
    note(`There is no picture ${state.id} ${embedded ? "in this sample" : "here"}; this is the first one.`);
    tellElsewhere(state.id, turn).catch((error) => note(error.message));
  }
  if (named < 0 && !found.length) {
    closeLook();
    byId("main").replaceChildren(nothingFound());
    tellElsewhere(state.text.trim(), turn).catch((error) => note(error.message));
    return;
  }
  here = named >= 0 ? named : found[0];
  const picture = await data.picture(here);
  if (turn !== ticket) return;
  closeLook();
  chip = new Chip({ ...picture, position: here }, shows, (number) => dialogues.pick(number));
  const linkOf = (dialogue) => addressOf({ view: "picture", id: picture.image_id, chosen: {}, text: "", dialogue });
  const onPin = (dialogue) => {
    // A key that is held down must not write a hundred addresses: browsers refuse that.
    clearTimeout(writing);
    writing = setTimeout(() => history.replaceState(null, "", addressOf({ id: picture.image_id, dialogue })), 150);
  };
  dialogues = new Dialogues(picture, chip, state.chosen, linkOf, onPin);
  keepFocus(byId("main"), () => byId("main").replaceChildren(
    el("div", { class: "look" }, chip.node, caption(picture), strip(), dialogues.node),
  ));
  const wanted = state.dialogue || (index.ofDialogue(state.text.trim()) < 0 ? "" : state.text.trim());
  const missing = wanted && dialogues.find(wanted);
  if (missing) note(missing);
  const answered = dialogues.cards.findIndex((card) => card.dialogue.prediction);
  if (!wanted && answered >= 0) dialogues.pin(answered, { told: false, scroll: !isNarrow() });
  document.title = `${picture.image_id} · ${start.dataset.title}`;
  const next = found[found.indexOf(here) + 1];
  if (next !== undefined) data.picture(next).catch(() => null);
}

function nothingFound() {
  const filtered = Object.values(state.chosen).some((options) => options.length);
  const named = state.text ? `has “${state.text}” in its id` : "";
  return el("p", { class: "empty" }, `No picture ${[named, filtered && "fits these filters"].filter(Boolean).join(" and ") || "is in this dataset"}.`);
}

// Where an id that is no published picture can be found all the same: a duplicate, or a reject.
async function tellElsewhere(id, turn) {
  if (!id) return;
  const [duplicates, rejects] = await Promise.all([data.duplicates({ text: id, limit: 5 }), data.rejects({ text: id, limit: 0 })]);
  if (turn !== ticket) return;
  const to = (view, text) => el("button", { type: "button", onclick: () => go({ view, id: "", chosen: {}, text: id }) }, text);
  const group = duplicates.groups.find((members) => members.some((member) => member.image_id === id));
  const kept = group && group.find((member) => member.kept && member.image_id !== id);
  if (kept) note(`${id} shows the same as ${kept.image_id}, which was kept.`, to("duplicates", "Look at both"));
  else if (duplicates.total) note(to("duplicates", `${some(duplicates.total, "group")} of duplicates with “${id}”`));
  if (rejects.total) note(to("rejects", `${some(rejects.total, "reject")} with “${id}”`));
}

function closeLook() {
  if (chip) chip.close();
  chip = dialogues = null;
}

function toolbar() {
  const toggle = (name, title) =>
    el("button", { type: "button", "aria-pressed": String(shows[name]), "data-show": name, "data-keep": name, onclick: () => flip(name) }, title);
  const any = chip.picture.objects.some((o) => o.obb.length || o.segmentation.length);
  return el("div", { class: "tools" }, toggle("boxes", "Boxes"), any && toggle("outlines", "Outlines"), toggle("names", "Names"), toggle("lighter", "Lighter"));
}

function flip(name) {
  shows[name] = !shows[name];
  if (!chip) return;
  chip.show(shows);
  for (const button of byId("main").querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(shows[button.dataset.show]));
}

function caption(picture) {
  const source = start.dataset.sources.find((s) => s.id === picture.source) || {};
  const closed = source.may_be_published === false;
  const kinds = new Map();
  for (const object of picture.objects) kinds.set(object.category, (kinds.get(object.category) || 0) + 1);
  const facts = [
    ["Objects", [...kinds].map(([name, number]) => several(number, name)).join(", ") || "none"],
    ["Size", `${picture.width} × ${picture.height} px`],
    ["Source", source.synthetic ? `${picture.source} (synthetic picture)` : picture.source],
    ["Split", picture.split],
    ["Resolution", picture.resolutions_m.length ? `${picture.resolutions_m.join(", ")} m` : ""],
    ["Sensor", picture.platforms.join(", ")],
    ["Polarization", picture.polarizations.join(", ")],
    ["License", closed ? `${picture.license} – do not publish` : picture.license],
  ].filter(([, value]) => value);
  const place = result.found.indexOf(here);
  return el(
    "div", { class: "caption" },
    el(
      "div", { class: "line" }, el("h2", {}, picture.image_id), toolbar(),
      el(
        "div", { class: "place number" },
        el("span", {}, place < 0 ? "outside of the filters" : `${count(place + 1)} of ${count(result.found.length)}`),
        el("button", { type: "button", "aria-label": "Picture before", "data-keep": "before", disabled: place === 0, onclick: () => step(-1) }, "‹"),
        el("button", { type: "button", "aria-label": "Picture after", "data-keep": "after", disabled: place === result.found.length - 1, onclick: () => step(1) }, "›"),
      ),
    ),
    el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", { class: name === "License" && closed ? "warn" : null }, value)))),
  );
}

const isNarrow = () => matchMedia("(max-width: 760px)").matches;

function strip() {
  const { found } = result;
  const place = Math.max(found.indexOf(here), 0);
  const long = isNarrow() ? 7 : 13;
  const from = Math.max(0, Math.min(place - (long >> 1), found.length - long));
  return el(
    "div", { class: "strip" },
    found.slice(from, from + long).map((position) =>
      el(
        "button", { type: "button", "aria-current": position === here ? "true" : null, "data-keep": "strip", tabindex: position === here ? 0 : -1, "aria-label": index.ids[position], title: index.ids[position], onclick: () => open(position) },
        el("img", { src: data.pixels(position), alt: "", loading: "lazy", decoding: "async" }),
      ),
    ),
  );
}

// Who comes from a picture finds it there: the grid begins with the sixty around it.
function gridView(at = 0) {
  const grid = el("div", { class: "grid" });
  let first = at - (at % 60);
  let next = first;
  const tile = (position) =>
    el(
      "button", { type: "button", class: "thumb", "aria-current": at && position === here ? "true" : null, title: index.ids[position], onclick: () => open(position) },
      el("span", { class: "frame" }, el("img", { src: data.pixels(position), alt: "", loading: "lazy", decoding: "async" })),
      el("p", {}, el("span", { class: "mono" }, index.ids[position]), el("br"), el("span", { class: "muted" }, `${some(index.objects[position], "object")} · ${some(index.dialogues[position], "dialogue")}`)),
    );
  const more = () => {
    const part = result.found.slice(next, next + 60);
    next += part.length;
    grid.append(...part.map(tile));
  };
  const before = el("button", { type: "button", class: "more", onclick: () => {
    first -= 60;
    before.hidden = !first;
    before.after(...result.found.slice(first, first + 60).map(tile));
  } }, "Show those before");
  before.hidden = !first;
  grid.append(before);
  grid.addEventListener("scroll", () => grid.scrollTop + grid.clientHeight > grid.scrollHeight - 800 && more());
  more();
  return result.found.length ? grid : nothingFound();
}

// Pictures and grid share their filters, also after another view.
function toView(view) {
  const shared = LOOKS.includes(view) ? filters : { chosen: {}, text: "" };
  go({ view, ...shared, id: view === "picture" && here >= 0 ? index.ids[here] : "" });
}

function drawViews() {
  const button = ([view, title]) =>
    el("button", { type: "button", "aria-current": view === state.view ? "page" : null, "data-keep": view, onclick: () => toView(view) }, title);
  byId("views").replaceChildren(...Object.entries(VIEWS).map(button));
  byId("filters-open").hidden = !LOOKS.includes(state.view);
}

function step(by) {
  const { found } = result;
  if (!found.length) return;
  const place = found.indexOf(here);
  const next = found[place < 0 ? 0 : place + by];
  if (next !== undefined) go({ view: "picture", id: index.ids[next] }, true);
}

// An id that is whole opens its picture, that of a dialogue with the dialogue marked.
async function search(text, whole) {
  const id = text.trim();
  const about = index.ofDialogue(id);
  if (whole && index.picture(id) >= 0) return go({ view: "picture", id, text: "", chosen: {} });
  if (whole && about >= 0) return go({ view: "picture", id: index.ids[about], dialogue: id, text: "", chosen: {} });
  if (["rejects", "duplicates"].includes(state.view)) return go({ text: id, chosen: {} }, true);
  if (whole && id && !index.filter({}, id).found.length) {
    const { groups } = await data.duplicates({ text: id, limit: 5 });
    if (groups.some((members) => members.some((member) => member.image_id === id))) return go({ view: "duplicates", id: "", text: id, chosen: {} });
  }
  const view = LOOKS.includes(state.view) ? state.view : "picture";
  return go({ view, text: id, id: keepId(state.chosen, id) }, true);
}

// A page that may not keep anything, such as a file in some browsers, forgets the choice.
function remembered(name) {
  try {
    if (name) localStorage.setItem("theme", name);
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = name === "dark" ? "☀" : "☾";
  return name;
}

// On a phone the filters lie over the page; the focus goes back to what opened them.
function closeFilters() {
  const within = byId("filters").contains(document.activeElement);
  if (byId("filters").classList.contains("open") && within) byId("filters-open").focus();
  byId("filters").classList.remove("open");
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input");
  if (event.key === "Escape") {
    closeFilters();
    if (typing) typing.blur();
    else if (dialogues && dialogues.object >= 0) dialogues.pick(-1);
    else if (dialogues) dialogues.pin(-1);
    return;
  }
  if (typing || byId("help").open) return;
  const actions = {
    ArrowRight: () => step(1), ArrowLeft: () => step(-1),
    ArrowDown: () => dialogues && dialogues.step(1), ArrowUp: () => dialogues && dialogues.step(-1),
    ".": () => dialogues && dialogues.stepObject(1), ",": () => dialogues && dialogues.stepObject(-1),
    "/": () => byId("search").focus(), "?": () => byId("help").showModal(),
    g: () => toView(state.view === "grid" ? "picture" : "grid"),
    l: () => flip("lighter"), b: () => flip("boxes"), o: () => flip("outlines"), n: () => flip("names"),
    "+": () => chip && chip.zoom(1.6), "-": () => chip && chip.zoom(1 / 1.6), 0: () => chip && chip.reset(),
  };
  const action = actions[event.key];
  if (!action || (event.key.startsWith("Arrow") && state.view !== "picture")) return;
  event.preventDefault();
  action();
}

async function begin() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  let now = theme(["dark", "light"].includes(remembered()) ? remembered() : system);
  byId("theme").addEventListener("click", () => remembered((now = theme(now === "dark" ? "light" : "dark"))));
  byId("help").append(
    el("h2", {}, "Keys"),
    el("dl", {}, KEYS.flatMap(([keys, meaning]) => [el("dt", {}, keys.map((key) => el("kbd", {}, key))), el("dd", {}, meaning)])),
  );
  byId("help").addEventListener("click", (event) => event.target === byId("help") && byId("help").close());
  byId("help-open").addEventListener("click", () => byId("help").showModal());
  start = await data.start();
  index = new Index(start);
  byId("title").textContent = document.title = start.dataset.title;
  const said = start.sample ? start.sample.banner : start.warning;
  const banner = [said, start.dataset.synthetic].filter(Boolean);
  byId("banner").hidden = !banner.length;
  byId("banner").replaceChildren(...banner.map((text) => el("p", {}, text)));
  const find = (text, whole) => search(text, whole).catch((error) => note(error.message));
  byId("search").addEventListener("input", (event) => find(event.target.value, false));
  byId("search").addEventListener("keydown", (event) => event.key === "Enter" && find(event.target.value, true));
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#filters, #filters-open")) closeFilters();
  });
  byId("filters-open").addEventListener("click", () => {
    byId("filters").classList.add("open");
    byId("filters").querySelector("button").focus();
  });
  byId("skip").addEventListener("click", () => byId("main").focus());
  addEventListener("popstate", show);
  addEventListener("hashchange", show);
  show();
}

begin().catch((error) => byId("main").replaceChildren(el("p", { class: "empty fault" }, error.message)));
