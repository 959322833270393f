// An answer while a language model writes it: every sentence appears as soon as it was checked. What was shown
// is replaced by the whole turn in the end. All words of the model are text, whatever they look like.

import { make } from "./elements.js";
import { refusal } from "./fetching.js";
import { say } from "./say.js";
import { cardElement, leftOut, some, Texts } from "./turns.js";

export class Writing {
  // number: of the turn; on: as for turnElement, and first(card) as soon as there is a citation.
  constructor(question, model, number, on) {
    this.on = on;
    this.turn = {
      question, asked: question, answer: "", answered: true, confidence: 0, citations: [], passages: [], mode: model,
      at: "", parts: [], short: null, cards: [], unsupported: [], notice: null, stopped: true,
    };
    this.texts = new Texts(number, on);
    this.now = make("span", {}, say("room.writing", { model }));
    this.progress = make("p", { class: "writer busy", "data-final": say("room.written", { model }) }, this.now); // as high as in the end
    this.folded = make("details", { class: "left-out", hidden: true });
    this.cards = make("ul", { class: "cards", "aria-label": say("room.evidence") });
    this.answer = make("div", { class: "answer" }, this.progress, this.folded, this.cards);
    this.element = make("li", { class: "turn waiting writing" }, make("h3", { class: "question", dir: "auto" }, question), this.answer);
    this.leaving = new AbortController();
  }

  stop() {
    this.leaving.abort();
  }

  // Ask, and show what comes. Gives the turn, marked as stopped where it did not come to its end; where nothing
  // was shown, {error}, which is "" after stop().
  async run(asked) {
    let error = "";
    try {
      for await (const { name, data } of this.events(asked)) {
        if (name === "turn") return data;
        if (name === "part") this.write(data);
        if (name === "left-out") this.leaveOut(data);
        if (name === "error") ({ error } = data);
      }
      error ||= say("room.unreachable");
    } catch {
      if (!this.leaving.signal.aborted) error ||= say("room.unreachable");
    }
    if (!this.turn.parts.length) return { error };
    return { ...this.turn, notice: error || null, at: new Date().toISOString() };
  }

  async *events(asked) {
    const response = await fetch(new URL("../write", import.meta.url), {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...asked, mode: "model" }),
      signal: this.leaving.signal,
    });
    if (!response.ok) {
      yield { name: "error", data: { error: await refusal(response, say("room.unreachable")) } };
      return;
    }
    const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      const blocks = (text + piece.value).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const [, name, data] = block.match(/^event: (.*)\ndata: (.*)$/) ?? [];
        if (name) yield { name, data: JSON.parse(data) };
      }
    }
  }

  write({ cards, ...part }) {
    const { turn } = this;
    turn.parts.push(part);
    turn.cards.push(...cards);
    const markers = part.markers.map((marker) => `[${marker}]`).join("");
    turn.answer += `${turn.answer && (part.begins ? "\n" : " ")}${part.text} ${markers}`;
    const paragraph = this.texts.add(part, turn.cards);
    if (paragraph) this.progress.before(paragraph);
    this.cards.append(...cards.map((card) => make("li", {}, cardElement(card, this.on))));
    this.count();
    if (turn.parts.length === 1 && cards.length) this.on.first(cards[0]);
  }

  leaveOut(sentence) {
    this.turn.unsupported.push(sentence);
    const folded = leftOut(this.turn);
    folded.open = this.folded.open;
    this.folded.replaceChildren(...folded.childNodes);
    this.folded.hidden = false;
    this.count();
  }

  count() {
    const { parts, unsupported } = this.turn;
    const words = [some("room.checked", parts.length + unsupported.length), unsupported.length ? some("room.of-left-out", unsupported.length) : ""];
    this.now.textContent = words.filter(Boolean).join(say("room.comma"));
  }
}

// Put a turn in the place of what was shown of it: the focus, what is unfolded and what is marked stay as they are.
// Gives what is now there for `held`, an element that may have been part of it.
export function replace(before, after, held) {
  const twin = (one) => {
    if (!one || !before.contains(one)) return one;
    const same = ["a.cite", "a.card", "details", "summary"].find((selector) => one.matches(selector));
    return same ? after.querySelectorAll(same)[[...before.querySelectorAll(same)].indexOf(one)] : null;
  };
  const focused = before.contains(document.activeElement) ? twin(document.activeElement) : null;
  const kept = twin(held);
  for (const one of before.querySelectorAll(".shown")) twin(one)?.classList.add("shown");
  for (const one of before.querySelectorAll("details[open]")) twin(one)?.setAttribute("open", "");
  before.replaceWith(after);
  focused?.focus({ preventScroll: true });
  return kept;
}
