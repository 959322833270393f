// Notes of the document in the reading pane: read in place, beneath the block that refers to them, and the ways
// there and back.

import { make } from "./elements.js";

export class Notes {
  // body: the scrolling element around the article. arrive(element) brings one into view, and the focus to it.
  constructor(body, { say, arrive }) {
    Object.assign(this, { body, say, arrive, here: null, marker: null });
    body.addEventListener("click", (event) => this.follow(event));
    body.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.here) return;
      event.preventDefault();
      event.stopPropagation();
      this.close(true);
    });
  }

  // A marker in the text opens its note there; one within a note, and a way back, lead away.
  follow(event) {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    if (!link.matches(".marker") || link.closest(".here, aside")) this.arrive(this.target(link));
    else if (link === this.marker) this.close(true);
    else this.open(link);
  }

  target(link) {
    return this.body.querySelector(`#${CSS.escape(link.hash.slice(1))}`);
  }

  open(marker) {
    this.close();
    const note = this.target(marker);
    const away = () => {
      this.close();
      this.arrive(note);
    };
    this.marker = marker;
    this.here = make("div", { class: "here", role: "note", dir: "auto", "aria-label": note.getAttribute("aria-label"), tabindex: "-1" },
      make("bdi", { class: "label", "aria-hidden": "true" }, note.dataset.label),
      [...note.querySelectorAll("[data-start]")].map(copied),
      make("div", { class: "here-buttons" },
        make("button", { type: "button", onclick: away }, this.say("reading.note-go")),
        make("button", { type: "button", onclick: () => this.close(true) }, this.say("reading.note-close"))));
    const block = marker.closest("[data-start]");
    block.after(fitting(block, this.here));
    marker.classList.add("opened");
    this.here.focus({ preventScroll: true });
    const [pane, top, bottom] = [this.body.getBoundingClientRect(), marker.getBoundingClientRect().top, this.here.getBoundingClientRect().bottom];
    this.body.scrollTop += Math.max(0, Math.min(bottom - pane.bottom + 12, top - pane.top - 12));
  }

  // back: the focus goes back to the marker.
  close(back = false) {
    if (!this.here) return;
    (this.here.closest(".here-in") ?? this.here).remove();
    this.marker.classList.remove("opened");
    if (back) this.marker.focus({ preventScroll: true });
    this.here = this.marker = null;
  }
}

// A paragraph of a note once more: not a block of the document, and without its names.
function copied(part) {
  const copy = make("p", {}, ...part.cloneNode(true).childNodes);
  copy.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
  copy.querySelectorAll("mark").forEach((mark) => mark.replaceWith(...mark.childNodes));
  return copy;
}

// A note as what may follow a block: beside a list item an item, beside a row a row.
function fitting(block, note) {
  if (block.matches("li")) return make("li", { class: "here-in" }, note);
  if (block.matches("tr")) return make("tr", { class: "here-in" }, make("td", { colspan: block.cells.length }, note));
  return note;
}
