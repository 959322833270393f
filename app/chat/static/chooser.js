// Which documents a conversation asks: all of them, or some.

import { make } from "./elements.js";
import { say } from "./say.js";

const MOST_SHOWN = 200; // boxes at a time; the filter finds the others

export class Chooser {
  // element: a <details> with .filter and .choices. onChoose: called with the ids chosen, none for all documents.
  constructor(element, onChoose) {
    this.element = element;
    this.onChoose = onChoose;
    this.documents = [];
    this.chosen = new Set();
    element.querySelector(".filter").addEventListener("input", () => this.draw());
  }

  // The documents that there are; those chosen that are gone are chosen no more.
  offer(documents, ids) {
    this.documents = documents;
    const there = new Set(documents.map((one) => one.id));
    this.show(ids.filter((id) => there.has(id)));
  }

  // Show what a conversation asks.
  show(ids) {
    this.chosen = new Set(ids);
    this.draw();
  }

  draw() {
    const words = this.element.querySelector(".filter").value.toLocaleLowerCase();
    const fitting = this.documents.filter((one) => one.title.toLocaleLowerCase().includes(words));
    const box = (checked, text, onchange) => make("label", {}, make("input", { type: "checkbox", checked, onchange }), make("bdi", {}, text));
    const all = box(this.chosen.size === 0, say("room.all"), () => this.choose([]));
    const rows = fitting.slice(0, MOST_SHOWN).map((one) =>
      box(this.chosen.has(one.id), one.title, (event) => {
        const ids = new Set(this.chosen);
        if (event.target.checked) ids.add(one.id);
        else ids.delete(one.id);
        this.choose([...ids]);
      }));
    const more = fitting.length > MOST_SHOWN ? make("p", { class: "hint" }, say("room.more", { count: fitting.length - MOST_SHOWN })) : null;
    this.element.querySelector(".filter").hidden = this.documents.length < 8;
    const choices = this.element.querySelector(".choices");
    const at = [...choices.querySelectorAll("input")].indexOf(document.activeElement);
    choices.replaceChildren(...[all, ...rows, more].filter(Boolean));
    if (at >= 0) choices.querySelectorAll("input")[at]?.focus();
    this.element.querySelector("summary").textContent = this.summary();
  }

  summary() {
    if (!this.chosen.size) return say("room.asks-all", { count: this.documents.length });
    if (this.chosen.size > 1) return say("room.asks-some", { count: this.chosen.size });
    const [id] = this.chosen;
    return say("room.asks-one", { title: this.documents.find((one) => one.id === id)?.title ?? "…" });
  }

  choose(ids) {
    this.show(ids);
    this.onChoose(ids);
  }
}
