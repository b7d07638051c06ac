// State, address and keys: what is shown follows from the address, and every change goes there.

const VIEWS = { picture: "Pictures", grid: "Grid", rejects: "Rejects", duplicates: "Duplicates", about: "About" };
const LOOKS = ["picture", "grid"];
const KEYS = [
  [["←", "→"], "picture before, after"], [["↑", "↓"], "dialogue before, after"], [["g"], "grid of pictures"],
  [["b"], "boxes"], [["o"], "outlines and rotated boxes"], [["n"], "names"], [["l"], "lighter picture"], [["+", "−", "0"], "zoom in, out, whole"],
  [["/"], "find an id of a picture or a dialogue"], [["?"], "these keys"], [["Esc"], "close, clear"],
];

const state = { view: "picture", id: "", chosen: {}, text: "", dialogue: "", query: {} };
const shows = { boxes: true, outlines: true, names: true, lighter: false };
let filters = { chosen: {}, text: "" };
let start, index, result, here = -1, chip = null, dialogues = null, ticket = 0;

function readAddress() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  const parameters = new URLSearchParams(query);
  state.view = view in VIEWS ? view : "picture";
  state.id = decodeURIComponent(rest.join("/"));
  state.dialogue = parameters.get("dialogue") || "";
  state.text = parameters.get("find") || "";
  state.chosen = {};
  for (const { name } of FACETS) if (parameters.has(name)) state.chosen[name] = parameters.get(name).split(",");
  state.query = { source: parameters.get("source"), reason: parameters.get("reason"), text: state.text };
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
  readAddress();
  byId("filters").hidden = !LOOKS.includes(state.view);
  if (LOOKS.includes(state.view)) filters = { chosen: state.chosen, text: state.text };
  if (byId("search").value.trim() !== state.text) byId("search").value = state.text;
  result = index.filter(state.chosen, state.text);
  drawFilters(index, state, result, (chosen, text = state.text) => go({ chosen, text, id: keepId(chosen, text) }));
  drawViews();
  const turn = ++ticket;
  const main = byId("main");
  const put = (node) => turn === ticket && main.replaceChildren(node);
  const fault = (error) => put(el("p", { class: "empty fault" }, error.message));
  if (state.view !== "picture") closeLook();
  if (state.view === "picture") showPicture(turn).catch(fault);
  else if (state.view === "grid") put(gridView());
  else if (state.view === "rejects") rejectsView(start.dataset, state.query, (q) => go({ chosen: q.source ? { source: [q.source] } : {}, reason: q.reason })).then(put, fault);
  else if (state.view === "duplicates") duplicatesView(state.query, (position) => open(position, true)).then(put, fault);
  else put(aboutView(start));
}

// The picture stays in sight while it fits the filters.
function keepId(chosen, text) {
  const { found } = index.filter(chosen, text);
  return found.includes(here) ? index.ids[here] : "";
}

function open(position, fresh = false) {
  go({ view: "picture", id: index.ids[position], ...(fresh ? { chosen: {}, text: "" } : {}) });
}

async function showPicture(turn) {
  const { found } = result;
  const named = state.id ? index.ids.indexOf(state.id) : -1;
  if (state.id && named < 0) throw new Error(`There is no picture ${state.id} here.`);
  if (named < 0 && !found.length) {
    closeLook();
    byId("main").replaceChildren(el("p", { class: "empty" }, "No picture fits these filters."));
    return;
  }
  here = named >= 0 ? named : found[0];
  const picture = await data.picture(here);
  if (turn !== ticket) return;
  closeLook();
  chip = new Chip({ ...picture, position: here }, shows, (number) => dialogues.pick(number));
  dialogues = new Dialogues(picture, chip, state.chosen);
  chip.node.append(toolbar());
  byId("main").replaceChildren(
    el("div", { class: "look" }, chip.node, caption(picture), strip(), dialogues.node),
  );
  if (state.dialogue) dialogues.find(state.dialogue);
  else if (dialogues.cards.some((card) => card.dialogue.prediction)) dialogues.pin(dialogues.cards.findIndex((card) => card.dialogue.prediction));
  document.title = `${picture.image_id} · ${start.dataset.title}`;
  const next = found[found.indexOf(here) + 1];
  if (next !== undefined) data.picture(next).catch(() => null);
}

function closeLook() {
  if (chip) chip.close();
  chip = dialogues = null;
}

function toolbar() {
  const toggle = (name, title) =>
    el("button", { type: "button", "aria-pressed": String(shows[name]), "data-show": name, onclick: () => flip(name) }, title);
  const any = chip.picture.objects.some((o) => o.obb.length || o.segmentation.length);
  return el("div", { class: "tools" }, toggle("boxes", "Boxes"), any && toggle("outlines", "Outlines"), toggle("names", "Names"), toggle("lighter", "Lighter"));
}

function flip(name) {
  shows[name] = !shows[name];
  if (!chip) return;
  chip.show(shows);
  for (const button of chip.node.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(shows[button.dataset.show]));
}

function caption(picture) {
  const source = start.dataset.sources.find((s) => s.id === picture.source) || {};
  const closed = source.may_be_published === false;
  const kinds = new Map();
  for (const object of picture.objects) kinds.set(object.category, (kinds.get(object.category) || 0) + 1);
  const facts = [
    ["Objects", [...kinds].map(([name, number]) => several(number, name)).join(", ") || "none"],
    ["Size", `${picture.width} × ${picture.height} px`],
    ["Source", picture.source],
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
      "div", { class: "line" }, el("h2", {}, picture.image_id),
      el(
        "div", { class: "place number" },
        el("span", {}, place < 0 ? "outside of the filters" : `${count(place + 1)} of ${count(result.found.length)}`),
        el("button", { type: "button", "aria-label": "Picture before", disabled: place === 0, onclick: () => step(-1) }, "‹"),
        el("button", { type: "button", "aria-label": "Picture after", disabled: place === result.found.length - 1, onclick: () => step(1) }, "›"),
      ),
    ),
    el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", { class: name === "License" && closed ? "warn" : null }, value)))),
  );
}

function strip() {
  const { found } = result;
  const place = Math.max(found.indexOf(here), 0);
  const narrow = matchMedia("(max-width: 760px)").matches;
  const long = narrow ? 7 : 13;
  const from = Math.max(0, Math.min(place - (long >> 1), found.length - long));
  return el(
    "div", { class: "strip" },
    found.slice(from, from + long).map((position) =>
      el(
        "button", { type: "button", "aria-current": position === here ? "true" : null, "aria-label": index.ids[position], title: index.ids[position], onclick: () => open(position) },
        el("img", { src: data.pixels(position), alt: "", loading: "lazy", decoding: "async" }),
      ),
    ),
  );
}

function gridView() {
  const grid = el("div", { class: "grid" });
  let next = 0;
  const more = () => {
    const part = result.found.slice(next, next + 60);
    next += part.length;
    grid.append(
      ...part.map((position) =>
        el(
          "button", { type: "button", class: "thumb", title: index.ids[position], onclick: () => open(position) },
          el("span", { class: "frame" }, el("img", { src: data.pixels(position), alt: "", loading: "lazy", decoding: "async" })),
          el("p", {}, el("span", { class: "mono" }, index.ids[position]), el("br"), el("span", { class: "muted" }, `${some(index.objects[position], "object")} · ${some(index.dialogues[position], "dialogue")}`)),
        ),
      ),
    );
  };
  grid.addEventListener("scroll", () => grid.scrollTop + grid.clientHeight > grid.scrollHeight - 800 && more());
  more();
  return result.found.length ? grid : el("p", { class: "empty" }, "No picture fits these filters.");
}

// Pictures and grid share their filters, also after another view.
function toView(view) {
  const shared = LOOKS.includes(view) ? filters : { chosen: {}, text: "" };
  go({ view, ...shared, id: view === "picture" && here >= 0 ? index.ids[here] : "" });
}

function drawViews() {
  const button = ([view, title]) =>
    el("button", { type: "button", "aria-current": view === state.view ? "page" : null, onclick: () => toView(view) }, title);
  const opener = el("button", { type: "button", class: "filters-open", onclick: () => byId("filters").classList.add("open") }, "Filters");
  byId("views").replaceChildren(
    ...(LOOKS.includes(state.view) ? [opener] : []), ...Object.entries(VIEWS).map(button),
  );
}

function step(by) {
  const { found } = result;
  if (!found.length) return;
  const place = found.indexOf(here);
  const next = found[place < 0 ? 0 : place + by];
  if (next !== undefined) go({ view: "picture", id: index.ids[next] }, true);
}

// An id that is whole opens its picture, that of a dialogue with the dialogue marked.
function search(text, whole) {
  const id = text.trim();
  if (["rejects", "duplicates"].includes(state.view)) return go({ text: id, chosen: {} }, true);
  const view = LOOKS.includes(state.view) ? state.view : "picture";
  const picture = id.split("/").slice(0, -3).join("/");
  if (whole && index.ids.includes(id)) return go({ view: "picture", id, text: "", chosen: {} });
  if (whole && index.ids.includes(picture)) return go({ view: "picture", id: picture, dialogue: id, text: "", chosen: {} });
  return go({ view, text: id, id: keepId(state.chosen, id) }, true);
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = name === "dark" ? "☀" : "☾";
  return name;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input");
  if (event.key === "Escape") {
    byId("filters").classList.remove("open");
    if (typing) typing.blur();
    else if (dialogues && dialogues.object >= 0) dialogues.pick(-1);
    else if (dialogues) dialogues.pin(-1);
    return;
  }
  if (typing || byId("help").open) return;
  const actions = {
    ArrowRight: () => step(1), ArrowLeft: () => step(-1),
    ArrowDown: () => dialogues && dialogues.step(1), ArrowUp: () => dialogues && dialogues.step(-1),
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
  let dark = theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  byId("theme").addEventListener("click", () => (dark = theme(dark === "dark" ? "light" : "dark")));
  byId("help").append(
    el("h2", {}, "Keys"),
    el("dl", {}, KEYS.flatMap(([keys, meaning]) => [el("dt", {}, keys.map((key) => el("kbd", {}, key))), el("dd", {}, meaning)])),
  );
  byId("help").addEventListener("click", (event) => event.target === byId("help") && byId("help").close());
  byId("help-open").addEventListener("click", () => byId("help").showModal());
  start = await data.start();
  index = new Index(start);
  byId("title").textContent = document.title = start.dataset.title;
  if (start.sample) {
    byId("banner").hidden = false;
    byId("banner").textContent = start.sample.banner;
  }
  byId("search").addEventListener("input", (event) => search(event.target.value, false));
  byId("search").addEventListener("keydown", (event) => event.key === "Enter" && search(event.target.value, true));
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#filters, .filters-open")) byId("filters").classList.remove("open");
  });
  addEventListener("popstate", show);
  addEventListener("hashchange", show);
  show();
}

begin().catch((error) => byId("main").replaceChildren(el("p", { class: "empty fault" }, error.message)));
