// Where everything shown comes from: the server of this page, or the data inside it.

const embedded = JSON.parse(byId("data").textContent);

async function ask(path) {
  const answer = await fetch(path).catch(() => {
    throw new Error("The server has ended; start 'sarchat explore' again.");
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

const containing = (rows, text, names) =>
  rows.filter((row) => names.some((name) => (row[name] || "").toLowerCase().includes(text.toLowerCase())));

const inside = embedded && {
  start: async () => embedded,
  picture: async (position) => embedded.pictures[position],
  pixels: (position) => embedded.pixels[position],
  rejects: async ({ source = "", reason = "", text = "", offset = 0, limit = 50 }) => {
    let rows = embedded.rejects.rows.filter((r) => (!source || r.source === source) && (!reason || r.reason === reason));
    if (text) rows = containing(rows, text, ["file", "key", "reason", "detail"]);
    return { ...embedded.rejects, total: rows.length, rows: rows.slice(offset, offset + limit) };
  },
  duplicates: async ({ text = "", offset = 0, limit = 50 }) => {
    const names = ["image_id", "group_id", "file"];
    const groups = embedded.duplicates.groups.filter((group) => !text || containing(group, text, names).length);
    return { total: groups.length, groups: groups.slice(offset, offset + limit) };
  },
};

let version = "";
const kept = new Map();

const served = {
  start: async () => {
    const start = await ask("start");
    version = start.version;
    return start;
  },
  // The pictures looked at last are kept, and so is the next one.
  picture: (position) => {
    if (!kept.has(position)) {
      kept.set(position, ask(`picture/${position}`));
      kept.get(position).catch(() => kept.delete(position));
      if (kept.size > 60) kept.delete(kept.keys().next().value);
    }
    return kept.get(position);
  },
  pixels: (position) => `pixels/${position}?v=${version}`,
  rejects: (query) => ask(`rejects?${new URLSearchParams(query)}`),
  duplicates: (query) => ask(`duplicates?${new URLSearchParams(query)}`),
};

const data = inside || served;
