// Rejects, duplicates, and what the dataset is.

const PAGE = 50;

// Rows that arrive page by page: `ask` gives { total, rows }, `draw` an element for each.
function paged(ask, into, draw, heading) {
  let offset = 0;
  const more = el("button", { type: "button", class: "more", onclick: () => next() }, "Show more");
  const next = async () => {
    more.disabled = true;
    const { total, rows } = await ask(offset);
    offset += rows.length;
    into.append(...rows.map(draw));
    heading(total, offset);
    more.hidden = offset >= total;
    more.disabled = false;
  };
  return [next(), more];
}

const UNITS = { rows: ["row", "rows"], images: ["picture", "pictures"], objects: ["object", "objects"] };

async function rejectsView(dataset, query, change) {
  const { kinds } = await data.rejects({ limit: 0 });
  const body = el("tbody");
  const shown = el("p", {});
  const chosen = (kind) => kind.source === query.source && kind.reason === query.reason;
  const draw = (row) =>
    el(
      "tr", {}, el("td", {}, row.source), el("td", {}, words(row.reason)),
      el("td", { class: "mono" }, row.file, row.line ? `:${row.line}` : "", row.key && el("div", { class: "muted" }, row.key)),
      el("td", { class: "detail" }, row.detail),
    );
  const ask = (offset) => data.rejects({ source: query.source || "", reason: query.reason || "", text: query.text || "", offset, limit: PAGE });
  const known = kinds.reduce((sum, kind) => sum + kind.rows, 0);
  const [first, more] = paged(ask, body, draw, (total, offset) => {
    const also = embedded && known > embedded.rejects.rows.length ? ` This sample holds ${count(embedded.rejects.rows.length)} of ${count(known)}.` : "";
    shown.textContent = `Everything that was read and is not in the dataset, each with its reason. ${count(offset)} of ${some(total, "row")} shown.${also}`;
  });
  await first;
  if (!kinds.length) return sheet("Rejects", "Nothing was rejected: all that was read is in the dataset.");
  const kindRow = (kind) =>
    el(
      "tr", { class: chosen(kind) ? "choice chosen" : "choice", onclick: () => change(chosen(kind) ? {} : { source: kind.source, reason: kind.reason }) },
      el("td", {}, kind.source),
      el("td", {}, el("button", { type: "button", "aria-pressed": String(chosen(kind)), "data-keep": `${kind.source} ${kind.reason}` }, words(kind.reason))),
      ...["rows", "images", "objects"].map((name) => el("td", { class: "number", "data-unit": UNITS[name][Number(kind[name] !== 1)] }, count(kind[name]))),
    );
  return el(
    "div", { class: "sheet" }, el("h2", {}, "Rejects"), shown,
    table(["Source", "Reason", "#Rows", "#Pictures", "#Objects"], kinds.map(kindRow), "stacked kinds"),
    el("div", { class: "scroll" }, el("table", { class: "stacked" }, headRow(["Source", "Reason", "File", "Detail"]), body)), more,
  );
}

async function duplicatesView(query, open) {
  const list = el("div", { class: "groups" });
  const shown = el("p", {});
  const draw = (members) => {
    const keeper = members.find((member) => member.kept);
    return el("section", { class: "group" }, members.map((member) => duplicateTile(member, keeper, open)));
  };
  let total = 0;
  const ask = async (offset) => {
    const answer = await data.duplicates({ text: query.text || "", offset, limit: PAGE });
    total = answer.total;
    return { total, rows: answer.groups };
  };
  const [first, more] = paged(ask, list, draw, (all, offset) => {
    shown.textContent = `Pictures that show the same; one of each group is in the dataset, unless the recipe keeps all. Where labels differ, the objects of a picture are not those of the one that is kept, whose boxes are drawn. ${count(offset)} of ${some(all, "group")} shown.`;
  });
  await first;
  if (!total) return sheet("Duplicates", query.text ? "No group has this text in an id or a file." : "No two pictures show the same.");
  return el("div", { class: "sheet" }, el("h2", {}, "Duplicates"), shown, list, more);
}

const SAME = { file: "same file", pixels: "same pixels", near: "nearly the same" };

function duplicateTile(member, keeper, open) {
  const same = keeper && member.pixel_sha256 === keeper.pixel_sha256;
  const position = member.position ?? (same ? keeper.position : null);
  const picture = position === null || position === undefined
    ? el("span", {}, embedded ? "not in this sample" : "not published")
    : el("img", { src: data.pixels(position), alt: "", loading: "lazy", onload: (event) => member.position === position && drawBoxes(position, event.target) });
  const facts = [
    member.distance > 0 && `${some(member.distance, "bit")} of 256 differ`,
    some(member.instances, "object"),
    member.official_split && `official split ${member.official_split}`,
  ];
  return el(
    "button", { type: "button", class: "thumb", title: member.file, onclick: () => position !== null && position !== undefined && open(position) },
    el("span", { class: "frame" }, picture),
    el(
      "p", {}, el("span", { class: "mono" }, member.image_id), el("br"),
      el("span", { class: `badge ${member.kept ? "kept" : ""}` }, member.kept ? "kept" : SAME[member.reason] || words(member.reason)), " ",
      member.label_conflict && el("span", { class: "badge warn", title: "Its objects are not those of the picture that is kept." }, "labels differ"), el("br"),
      el("span", { class: "muted" }, facts.filter(Boolean).join(" · ")),
    ),
  );
}

// The boxes of a published picture over its small image, which is cut to a square.
async function drawBoxes(position, image) {
  const { width, height, objects } = await data.picture(position);
  const boxes = objects.map(({ bbox, category }) => rect(bbox, { class: "box", style: { "--color": colorOf(category) } }));
  image.after(svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" }, ...boxes));
}

function aboutView({ dataset, sample }) {
  const link = (text) => (/^https?:\/\//.test(text) ? el("a", { href: text, rel: "noreferrer noopener", target: "_blank" }, text.replace(/^https?:\/\//, "")) : text);
  const row = (source) =>
    el(
      "tr", {}, el("td", {}, source.title, source.synthetic && " (synthetic pictures)", el("div", { class: "muted mono" }, source.id)),
      el("td", {}, source.license, el("div", {}, source.may_be_published ? "" : el("span", { class: "badge warn" }, "do not publish"))),
      el("td", {}, link(source.homepage), el("div", { class: "muted" }, source.citation)),
    );
  return el(
    "div", { class: "sheet" }, el("h2", {}, dataset.title),
    el("p", {}, `${some(dataset.pictures, "picture")} with ${some(dataset.objects, "object")} and ${some(dataset.dialogues, "dialogue")}. Recipe ${dataset.recipe}, built by sarchat_build ${dataset.version}.`),
    sample && el(
      "div", { class: "prose" }, el("h3", {}, "What this page is"), ...sample.notes.map((note) => el("p", {}, note)),
    ),
    el("h3", {}, "Sources"), table(["Source", "License", "From"], dataset.sources.map(row)),
    el(
      "div", { class: "prose" }, el("h3", {}, "How to read it"),
      el("p", {}, "Boxes are in pixels of the picture as stored. Dashed outlines are the source's rotated boxes or polygons. Coordinates in a text are x and y of the upper left and the lower right corner; point at them to see the box."),
      el("p", {}, "Click a box to see the dialogues about that object. The address in the browser is a link to the picture and the filters."),
    ),
  );
}

const headRow = (names) =>
  el("thead", {}, el("tr", {}, names.map((n) => el("th", { class: n.startsWith("#") ? "number" : null }, n.replace("#", "")))));
const table = (names, rows, kind = "") => el("div", { class: "scroll" }, el("table", { class: kind }, headRow(names), el("tbody", {}, rows)));
const sheet = (title, text) => el("div", { class: "sheet" }, el("h2", {}, title), el("p", {}, text));
