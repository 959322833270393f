// The list of documents: filtered, sorted, a page at a time, and chosen for deletion.

import { make } from "./elements.js";
import { many, number } from "./library_words.js";
import { language, say } from "./say.js";

const ON_A_PAGE = 50;
const MOST_NAMED = 8; // titles in the question before a deletion
const COLUMNS = ["title", "added", "characters", "passages", "notes"];
const order = new Intl.Collator(language, { numeric: true });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });

export class List {
  // root: the section of library.html. onDelete: called with the documents, once the reader is sure.
  constructor(root, onDelete) {
    this.root = root;
    this.onDelete = onDelete;
    this.documents = [];
    this.chosen = new Set();
    this.page = 0;
    this.by = "added";
    this.down = true;
    this.find = (selector) => root.querySelector(selector);
    this.listen();
  }

  listen() {
    for (const head of this.root.querySelectorAll("[data-sort]")) {
      const name = head.dataset.sort;
      head.append(make("button", { type: "button", onclick: () => this.sort(name) }, say(`library.${name}`)));
    }
    this.find(".filter").addEventListener("input", () => this.turn(0));
    this.root.addEventListener("click", (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act === "previous") this.turn(this.page - 1);
      if (act === "next") this.turn(this.page + 1);
      if (act === "delete") this.ask(this.documents.filter((one) => this.chosen.has(one.id)));
      if (act === "all") this.choose(this.shown().map((one) => one.id), event.target.checked);
    });
  }

  // Show these documents, as Entry of index/catalog.py says.
  offer(documents) {
    this.documents = documents.map((one) => ({ ...one, words: `${one.title}\n${sourceOf(one)}`.toLocaleLowerCase() }));
    const there = new Set(documents.map((one) => one.id));
    this.chosen = new Set([...this.chosen].filter((id) => there.has(id)));
    this.arrange();
    this.draw();
  }

  sort(name) {
    this.down = this.by === name ? !this.down : name !== "title";
    this.by = name;
    this.arrange();
    this.turn(0);
  }

  arrange() {
    const sign = this.down ? -1 : 1;
    const compare = (a, b) => (typeof a === "number" ? a - b : this.by === "title" ? order.compare(a, b) : a < b ? -1 : Number(a > b));
    this.documents.sort((a, b) => sign * compare(a[this.by], b[this.by]) || order.compare(a.title, b.title));
  }

  turn(page) {
    this.page = page;
    this.draw();
  }

  choose(ids, chosen) {
    for (const id of ids) this.chosen[chosen ? "add" : "delete"](id);
    this.draw();
  }

  fitting() {
    const words = this.find(".filter").value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    return this.documents.filter((one) => words.every((word) => one.words.includes(word)));
  }

  shown() {
    return this.fitting().slice(this.page * ON_A_PAGE, (this.page + 1) * ON_A_PAGE);
  }

  draw() {
    const fitting = this.fitting();
    const last = Math.max(Math.ceil(fitting.length / ON_A_PAGE) - 1, 0);
    this.page = Math.min(Math.max(this.page, 0), last);
    const shown = this.shown();
    const none = this.documents.length === 0;
    this.find("#library-held").textContent = none ? say("library.held-none") : many("library.held", this.documents.length);
    this.find(".filter").hidden = none;
    this.find(".empty").hidden = !none;
    this.find(".none").hidden = none || fitting.length > 0;
    this.find("table").hidden = fitting.length === 0;
    this.drawRows(shown);
    this.drawHead(shown);
    const pages = this.find(".pages");
    pages.hidden = last === 0;
    const from = this.page * ON_A_PAGE;
    this.find(".shown").textContent = say("library.shown", { from: number(from + 1), to: number(from + shown.length), count: number(fitting.length) });
    this.disable("previous", this.page === 0);
    this.disable("next", this.page === last);
  }

  // A button that is disabled while it has the focus would lose it; this one only says that it does nothing.
  disable(act, off) {
    this.find(`[data-act=${act}]`).setAttribute("aria-disabled", String(off));
  }

  drawHead(shown) {
    for (const head of this.root.querySelectorAll("[data-sort]")) {
      const sorted = head.dataset.sort === this.by;
      if (sorted) head.setAttribute("aria-sort", this.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const chosen = shown.filter((one) => this.chosen.has(one.id)).length;
    const all = this.find("[data-act=all]");
    all.checked = chosen > 0 && chosen === shown.length;
    all.indeterminate = chosen > 0 && chosen < shown.length;
    const button = this.find("[data-act=delete]");
    if (!this.chosen.size && button === document.activeElement) this.find("#library-held").focus();
    button.hidden = this.chosen.size === 0;
    button.textContent = say("library.delete-some", { count: number(this.chosen.size) });
  }

  // The rows anew; the focus stays in the same place of the same document, or goes to the heading.
  drawRows(shown) {
    const body = this.find("tbody");
    const at = document.activeElement;
    const place = body.contains(at) ? [at.closest("tr").dataset.id, at.dataset.act] : null;
    body.replaceChildren(...shown.map((one) => this.row(one)));
    if (!place) return;
    const row = [...body.children].find((one) => one.dataset.id === place[0]);
    (row?.querySelector(`[data-act=${place[1]}]`) ?? this.find("#library-held")).focus({ preventScroll: true });
  }

  row(one) {
    const name = { title: one.title };
    const choose = (event) => this.choose([one.id], event.target.checked);
    return make("tr", { "data-id": one.id },
      make("td", { class: "pick" }, make("input", { type: "checkbox", "data-act": "pick", checked: this.chosen.has(one.id), "aria-label": say("library.select", name), onchange: choose })),
      make("th", { scope: "row" }, make("bdi", { class: "title" }, one.title), make("span", { class: "source" }, shownSource(one)),
        make("span", { class: "facts" }, factsOf(one))),
      make("td", { class: "wide" }, make("time", { datetime: one.added }, day.format(new Date(one.added)))),
      ...COLUMNS.slice(2).map((column) => make("td", { class: "wide number" }, number(one[column]))),
      make("td", { class: "act" }, make("button", { type: "button", class: "quiet", "data-act": "one", "aria-label": say("library.delete-this", name), onclick: () => this.ask([one]) }, say("library.delete"))));
  }

  // Delete these documents, once the reader is sure.
  ask(documents) {
    if (!documents.length) return;
    const dialog = this.root.parentElement.querySelector("dialog");
    dialog.querySelector("h2").textContent = many("library.sure", documents.length);
    const named = documents.slice(0, MOST_NAMED).map((one) => make("li", {}, make("bdi", {}, one.title)));
    const rest = documents.length - named.length;
    dialog.querySelector("ul").replaceChildren(...named, ...(rest ? [make("li", { class: "hint" }, say("library.sure-more", { count: number(rest) }))] : []));
    dialog.returnValue = "";
    dialog.onclose = () => dialog.returnValue === "yes" && this.onDelete(documents);
    dialog.showModal();
  }
}

function factsOf(one) {
  const notes = one.notes ? [many("library.of-notes", one.notes)] : [];
  return [day.format(new Date(one.added)), many("library.of-passages", one.passages), ...notes].join(" · ");
}

const sourceOf = (one) => one.source.replace(/^upload:/, "");

function shownSource(one) {
  if (/^https?:\/\//.test(one.source)) return make("a", { href: one.source, target: "_blank", rel: "noopener noreferrer" }, make("bdi", {}, one.source));
  if (one.source.startsWith("upload:")) return [say("library.uploaded"), " ", make("bdi", {}, sourceOf(one))];
  return make("bdi", {}, one.source);
}
