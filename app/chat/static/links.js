// Links to passages: `#document=ID&start=…&end=…&version=…`, read from the address and copied from the pane.

import { make } from "./elements.js";
import { offsetsOf } from "./spans.js";

// A link to a passage as {document_id, start, end, version}, null where the hash is none.
export function fromHash(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const [id, start, end] = [given.get("document"), given.get("start"), given.get("end")];
  if (!id || !/^\d{1,9}$/.test(start) || !/^\d{1,9}$/.test(end) || Number(start) >= Number(end)) return null;
  return { document_id: id, start: Number(start), end: Number(end), version: given.get("version") ?? "" };
}

// The button that copies a link to what is selected in the document, or else to the passage that is highlighted.
// reading: has body, article, blocks, place and tell(words, element).
export class CopyButton {
  constructor(reading, say) {
    Object.assign(this, { reading, say, words: make("span", {}) });
    this.element = make("button", { type: "button", class: "reading-copy", onclick: () => this.copy() }, this.words);
    // The browser gives a button the focus at a press, and takes the selection away.
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
    document.addEventListener("selectionchange", () => this.offer());
  }

  // Say what would be copied now.
  offer() {
    const selected = this.selected();
    this.words.textContent = this.say(selected ? "reading.copy-selection" : "reading.copy-passage");
    this.element.hidden = !selected && !this.reading.place;
    this.element.classList.remove("done");
  }

  selected() {
    const selection = document.getSelection();
    const inside = this.reading.article && !selection.isCollapsed && this.reading.body.contains(selection.anchorNode);
    return inside ? selection.getRangeAt(0) : null;
  }

  async copy() {
    const range = this.selected();
    const place = (range && offsetsOf(this.reading.blocks, range)) ?? this.reading.place;
    if (!place) return;
    const { document: id, version } = this.reading.article.dataset;
    const hash = `#document=${encodeURIComponent(id)}&start=${place.start}&end=${place.end}&version=${version.slice(0, 12)}`;
    const link = new URL(hash, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
    } catch { // refused, or not there: a page that comes over plain HTTP has no clipboard
      const box = make("input", { type: "text", readonly: true, value: link, "aria-label": this.say("reading.copy-passage") });
      this.reading.tell(this.say("reading.copy-yourself"), box);
      box.select();
      return;
    }
    this.reading.spoken.textContent = this.words.textContent = this.say("reading.copied");
    this.element.classList.add("done");
    setTimeout(() => this.offer(), 2500);
  }
}
