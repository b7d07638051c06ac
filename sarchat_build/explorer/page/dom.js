// Elements from plain values. Text of a dataset only ever becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const byId = (id) => document.getElementById(id);

// What has the focus is drawn anew: the focus goes to what stands in its place.
function keepFocus(within, draw) {
  if (!within.contains(document.activeElement)) return draw();
  const before = document.activeElement.closest("[data-keep]");
  const held = before && before.dataset.keep;
  draw();
  if (within.contains(document.activeElement)) return;
  const places = [...within.querySelectorAll("[data-keep]")].filter((node) => held && node.dataset.keep === held && !node.disabled);
  const place = places.find((node) => node.matches("[aria-current]")) || places.find((node) => node.tabIndex === 0);
  (place || within).focus({ preventScroll: true });
}

const count = (number) => number.toLocaleString("en-US");
const words = (name) => name.replaceAll("_", " ");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const some = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

// Plurals of categories; "aircraft" is its own.
const several = (number, category) => `${count(number)} ${words(category)}${number === 1 || category === "aircraft" ? "" : "s"}`;

const TASKS = {
  fine_grained_description: "fine-grained description",
  cross_modal_identification: "cross-modal identification",
};
const taskName = (task) => TASKS[task] || words(task);

// Light on the gray of radar pictures, and apart for most color-blind readers.
const COLORS = { ship: "#ffb547", aircraft: "#4cc9f0", car: "#f48fd0", tank: "#b5e048", bridge: "#b79cff", harbor: "#ff8a65" };
const colorOf = (category) => COLORS[category] || "#e6e6e6";
