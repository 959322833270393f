// The reading pane: one document, exact highlights in it, its notes in place. Asks the server for documents;
// knows nothing of questions and answers.

import { make } from "./elements.js";
import { fetched, tell } from "./fetching.js";
import { CopyButton } from "./links.js";
import { Notes } from "./notes.js";
import { blocksOf, find, unwrap, wrap } from "./spans.js";

export { fromHash } from "./links.js";

const THIRD = 1 / 3; // of the pane's height above what is shown, so that its context is seen

// A pane inside the element, which has a height. onClose is called when the reader closes it. Returns
//   open(id): a document from its beginning.
//   show({document_id, version, start, end, short, page, title, quoted, focus}): a passage, highlighted; short: the short
//     answer's [start, end] or null. Of these only id, start and end are needed. quoted lets a passage of an
//     earlier version be found where it stands now; focus: false leaves the focus where it is.
//   current(): {document_id, version, title, start, end} of what is shown, null before anything is.
// open and show give promises, fulfilled when everything is in its place; the last call wins.
export function pane(element, { say, onClose }) {
  const reading = new Reading(element, say, onClose);
  return {
    open: (id) => reading.open(id),
    show: (target) => reading.show(target),
    current: () => reading.current(),
  };
}

class Reading {
  constructor(element, say, onClose) {
    this.say = say;
    this.calls = this.scrolls = 0;
    this.blocks = [];
    this.place = null;
    const icon = (name, words, act) => make("button", { type: "button", class: `reading-icon ${name}`, "aria-label": words, title: words, onclick: act });
    this.title = make("bdi", { class: "reading-name" });
    this.where = make("span", { class: "reading-where", dir: "auto" });
    this.contents = icon("contents", say("reading.contents"), () => this.fold(!this.list.hidden));
    this.contents.setAttribute("aria-expanded", "false");
    this.copier = new CopyButton(this, say);
    this.list = make("nav", { class: "reading-contents", "aria-label": say("reading.contents"), hidden: true });
    this.list.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.fold(true);
      this.contents.focus();
    });
    this.notice = make("div", { class: "reading-notice" });
    this.spoken = make("p", { class: "reading-spoken", role: "status" });
    this.body = make("div", { class: "reading-text", tabindex: "0", role: "group", "aria-label": say("reading.text") },
      make("p", { class: "reading-hint" }, say("reading.empty")));
    this.body.addEventListener("pointerdown", () => this.fold(true));
    this.notes = new Notes(this.body, { say, arrive: (note) => this.arrive(note, THIRD) });
    const root = make("div", { class: "reading" },
      make("div", { class: "reading-bar" }, this.contents,
        make("div", { class: "reading-title" }, this.title, this.where), this.copier.element,
        icon("close", say("reading.close"), onClose)),
      this.list, this.notice, this.spoken, this.body);
    element.replaceChildren(root);
    new ResizeObserver(() => {
      root.classList.toggle("narrow", root.clientWidth < 560);
      root.classList.toggle("wide", root.clientWidth >= 780);
    }).observe(root);
    this.contents.hidden = true;
    this.copier.offer();
  }

  current() {
    if (!this.article) return null;
    const { document: document_id, version, title } = this.article.dataset;
    return { document_id, version, title, start: this.place?.start ?? null, end: this.place?.end ?? null };
  }

  async open(id) {
    const call = ++this.calls;
    if (!(await this.load(id, "", call))) return;
    this.mark(null);
    this.body.scrollTop = 0;
    this.body.focus({ preventScroll: true });
  }

  async show({ document_id, version = "", start, end, short = null, page = null, title = "", quoted = "", focus = true }) {
    const call = ++this.calls;
    if (title && document_id !== this.article?.dataset.document) this.title.textContent = title;
    if (!(await this.load(document_id, version, call))) return;
    const now = this.article.dataset.version.startsWith(version);
    const place = now ? { start, end } : quoted && find(this.blocks, quoted, start);
    const moved = place ? place.start - start : 0;
    this.mark(place || null, short && short.map((at) => at + moved));
    const marks = [...this.article.querySelectorAll("mark")];
    if (!now) this.tell(this.say(!quoted ? "reading.earlier" : !place ? "reading.gone" : moved ? "reading.moved" : "reading.stands"));
    else if (!marks.length) this.tell(this.say("reading.nowhere"));
    const at = this.blockAt(place ? place.start : start);
    this.where.textContent = [at && this.section(at), page && !moved ? this.say("reading.page", { page }) : ""].filter(Boolean).join(" · ");
    if (!at) return;
    if (marks.length && focus) {
      marks[0].tabIndex = -1;
      marks[0].focus({ preventScroll: true });
    }
    await this.scroll(marks[0] ?? at.element, THIRD);
  }

  // Have the document's article in the pane. False where it cannot be had, or a later call came between.
  async load(id, version, call) {
    const { document: open, version: held } = this.article?.dataset ?? {};
    this.tell("");
    this.fold(true);
    if (open === id && held.startsWith(version) && version) return true;
    this.body.setAttribute("aria-busy", "true");
    if (open !== id) this.hint(this.say("reading.loading"));
    const { html, error } = await this.get(id);
    if (call !== this.calls) return false;
    this.body.removeAttribute("aria-busy");
    if (error) {
      this.hint(error);
      this.spoken.textContent = error;
      return false;
    }
    if (html === this.html) return true;
    const template = make("template");
    template.innerHTML = html; // the server has escaped it
    this.html = html;
    this.notes.close();
    this.article = template.content.querySelector("article");
    this.body.replaceChildren(this.article);
    this.body.scrollTop = 0;
    this.blocks = blocksOf(this.article);
    this.title.textContent = this.article.dataset.title;
    this.body.setAttribute("aria-label", this.article.dataset.title);
    this.outline();
    return true;
  }

  get(id) {
    const read = async (response) => ({ html: await response.text() });
    return fetched(`reading/${encodeURIComponent(id)}`, {}, read, this.say("reading.failed"));
  }

  // Words in place of a document.
  hint(words) {
    this.notes.close();
    this.html = this.article = this.place = null;
    this.blocks = [];
    this.contents.hidden = true;
    this.where.textContent = "";
    const hint = make("p", { class: "reading-hint" });
    tell(hint, words);
    this.body.replaceChildren(hint);
    this.copier.offer();
  }

  tell(words, ...more) {
    this.notice.replaceChildren(...(words ? [make("p", {}, words), ...more] : []));
    this.spoken.textContent = words;
  }

  // Highlight a place and nothing else, and within it the short answer.
  mark(place, short = null) {
    unwrap(this.article);
    this.place = place;
    this.where.textContent = "";
    if (place) wrap(this.blocks, place.start, place.end);
    if (place && short) wrap(this.blocks, short[0], short[1], "short");
    this.copier.offer();
  }

  blockAt(position) {
    return this.blocks.find((block) => block.end > position) ?? null;
  }

  // The heading above a block, or the note that it is of.
  section({ element, start }) {
    const label = element.closest("aside")?.dataset.label;
    if (label !== undefined) return this.say("reading.note", { label });
    const above = this.blocks.findLast((block) => block.start <= start && /^H[3-6]$/.test(block.element.tagName));
    return above ? plain(above.element) : "";
  }

  // Scroll until the element stands at a share of the pane's height. What comes near is laid out only then,
  // which moves everything below it: so look again, frame after frame, until it stays.
  async scroll(element, share) {
    const own = ++this.scrolls;
    for (let calm = 0, tries = 0; calm < 3 && tries < 30 && own === this.scrolls; tries++) {
      const was = this.body.scrollTop;
      const off = element.getBoundingClientRect().top - this.body.getBoundingClientRect().top - this.body.clientHeight * share;
      this.body.scrollTop += off;
      calm = Math.abs(this.body.scrollTop - was) < 2 ? calm + 1 : 0;
      await nextFrame();
    }
  }

  // Contents

  outline() {
    const heads = [...this.article.querySelectorAll("h3, h4, h5, h6")];
    const depth = (head) => Number(head.tagName[1]) - 3;
    this.contents.hidden = heads.length < 2;
    this.list.replaceChildren(make("ul", {}, heads.map((head) =>
      make("li", { style: `--depth:${depth(head)}` }, make("button", { type: "button", dir: "auto", onclick: () => {
        this.fold(true);
        this.arrive(head, 0.04);
      } }, plain(head))))));
  }

  fold(closed) {
    this.list.hidden = closed;
    this.contents.setAttribute("aria-expanded", String(!closed));
    if (!closed) this.list.querySelector("button")?.focus();
  }

  // Bring an element into view, the focus to it, and the eye.
  async arrive(element, share) {
    if (!element.matches("a, [tabindex]")) element.tabIndex = -1;
    element.focus({ preventScroll: true });
    await this.scroll(element, share);
    element.classList.remove("arrived");
    void element.offsetWidth; // starts the animation again
    element.classList.add("arrived");
  }
}

// The words of a heading, without the markers in it.
function plain(heading) {
  const copy = heading.cloneNode(true);
  copy.querySelectorAll(".marker").forEach((marker) => marker.remove());
  return copy.textContent.trim();
}

// A hidden window draws no frames.
const nextFrame = () => new Promise((go) => { requestAnimationFrame(go); setTimeout(go, 100); });
