// One picture with its boxes, as one drawing in the picture's own pixels; it can be zoomed.

const corners = (flat) => {
  const points = [];
  for (let i = 0; i + 1 < flat.length; i += 2) points.push(`${flat[i]},${flat[i + 1]}`);
  return points.join(" ");
};
const rect = ([x1, y1, x2, y2], attributes) =>
  svg("rect", { x: x1, y: y1, width: Math.max(x2 - x1, 0.01), height: Math.max(y2 - y1, 0.01), ...attributes });

class Chip {
  constructor(picture, shows, onPick) {
    this.picture = picture;
    this.onPick = onPick;
    this.whole = [0, 0, picture.width, picture.height];
    this.view = [...this.whole];
    this.image = svg("image", { width: picture.width, height: picture.height, href: data.pixels(picture.position), preserveAspectRatio: "none" });
    this.boxes = svg("g");
    this.marks = svg("g");
    this.tags = svg("g");
    this.drawing = svg(
      "svg", { role: "img", "aria-label": `${picture.image_id}, ${some(picture.objects.length, "object")}` },
      this.image, this.boxes, this.marks, this.tags,
    );
    this.node = el("div", { class: "stage" }, this.drawing);
    this.listen();
    this.observer = new ResizeObserver(() => this.drawTags());
    this.observer.observe(this.node);
    this.show(shows);
    this.place();
  }

  show(shows) {
    this.shows = shows;
    this.node.classList.toggle("lighter", shows.lighter);
    this.boxes.replaceChildren();
    this.picture.objects.forEach((object, number) => {
      const style = { "--color": colorOf(object.category) };
      const title = `${object.category} · ${Math.round(object.bbox[2] - object.bbox[0])} × ${Math.round(object.bbox[3] - object.bbox[1])} px`;
      if (shows.boxes) {
        this.boxes.append(
          rect(object.bbox, { class: "box", style, "data-object": number, onclick: () => !this.moved && this.onPick(number) }),
        );
        this.boxes.lastChild.append(svg("title", {}, title));
      }
      if (shows.outlines) {
        for (const outline of [object.obb, object.segmentation].filter((o) => o.length)) {
          this.boxes.append(svg("polygon", { class: "outline", style, points: corners(outline) }));
          break;
        }
      }
    });
    this.drawTags();
  }

  // Mark what a dialogue speaks of, and what a model answered; or one box of it, and nothing else.
  mark(dialogue, only = null) {
    this.marks.replaceChildren();
    this.boxes.classList.toggle("shade", Boolean(dialogue));
    this.told = dialogue && (only ? [only] : dialogue.objects);
    for (const { ref, bbox } of this.told || []) {
      this.marks.append(rect(bbox, { class: `told ${only ? "one" : ""}`, style: { "--color": colorOf(ref) } }));
    }
    if (dialogue && !only) {
      const { boxes = [], outcome = "" } = dialogue.prediction || {};
      for (const box of boxes) this.marks.append(rect(box, { class: `predicted ${outcome === "right" ? "right" : ""}` }));
    }
    this.drawTags();
  }

  pick(number) {
    for (const box of this.boxes.children) box.classList.toggle("picked", Number(box.dataset.object) === number);
  }

  // Names keep their size on the screen, whatever the zoom; crowds are not named.
  drawTags() {
    const objects = this.told ? this.told.map(({ bbox, ref }) => ({ bbox, category: ref })) : this.picture.objects;
    const { width, height } = this.drawing.getBoundingClientRect();
    const unit = Math.max(this.view[2] / (width || 1), this.view[3] / (height || 1));
    this.tags.replaceChildren();
    if (!this.shows.names || objects.length > 24) return;
    for (const { bbox, category } of objects) {
      const above = bbox[1] - this.view[1] > 16 * unit;
      this.tags.append(
        svg("text", { class: "tag", x: bbox[0], y: above ? bbox[1] - 4 * unit : bbox[3] + 13 * unit, "font-size": 11.5 * unit, "stroke-width": 3 * unit }, words(category)),
      );
    }
  }

  place() {
    this.drawing.setAttribute("viewBox", this.view.join(" "));
    this.node.classList.toggle("zoomed", this.view[2] < this.whole[2]);
    this.drawTags();
  }

  zoom(factor, x = this.view[0] + this.view[2] / 2, y = this.view[1] + this.view[3] / 2) {
    const width = Math.min(this.whole[2], Math.max(this.view[2] / factor, this.whole[2] / 32));
    const scale = width / this.view[2];
    this.view = [x - (x - this.view[0]) * scale, y - (y - this.view[1]) * scale, width, this.view[3] * scale];
    this.clamp();
  }

  clamp() {
    for (const axis of [0, 1]) {
      const most = this.whole[axis + 2] - this.view[axis + 2];
      this.view[axis] = Math.min(Math.max(this.view[axis], 0), Math.max(most, 0));
    }
    this.place();
  }

  reset() {
    this.view = [...this.whole];
    this.place();
  }

  at(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.drawing.getScreenCTM().inverse());
    return [point.x, point.y];
  }

  listen() {
    const fingers = new Map();
    this.node.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 300), ...this.at(event));
    }, { passive: false });
    this.drawing.addEventListener("dblclick", (event) => this.zoom(2.5, ...this.at(event)));
    this.drawing.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      this.moved = false;
    });
    this.drawing.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const now = [event.clientX, event.clientY];
      const others = [...fingers].filter(([id]) => id !== event.pointerId);
      if (others.length === 1) {
        const apart = ([x, y]) => Math.hypot(x - others[0][1][0], y - others[0][1][1]);
        this.moved = true;
        this.zoom(apart(now) / Math.max(apart(before), 1), ...this.at(event));
      } else if (this.view[2] < this.whole[2]) {
        const scale = this.drawing.getScreenCTM().a;
        this.moved ||= Math.hypot(now[0] - before[0], now[1] - before[1]) > 2;
        this.view[0] -= (now[0] - before[0]) / scale;
        this.view[1] -= (now[1] - before[1]) / scale;
        this.clamp();
      }
      fingers.set(event.pointerId, now);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      this.drawing.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }

  close() {
    this.observer.disconnect();
  }
}
