// A turn of the conversation as elements: the question, the answer with its markers, its cards.

import { make } from "./elements.js";
import { language, say } from "./say.js";

// The address of a card's passage within this page.
export function linkTo(card) {
  const { document_id, start, end, version } = card;
  return `#document=${encodeURIComponent(document_id)}&start=${start}&end=${end}&version=${version.slice(0, 12)}`;
}

// How sure a citation is, in words.
export function sureness(score) {
  return say(score >= 0.75 ? "room.sure" : score >= 0.45 ? "room.likely" : "room.unsure");
}

// Where a card's passage stands, in words: section or footnote, and page.
export function place(card) {
  const kind = card.kind === "footnote" ? say("room.footnote", { label: card.footnote }) : card.section;
  return [kind, card.page === null ? "" : say("room.page", { page: card.page })].filter(Boolean).join(" · ");
}

// The whole turn. on: what happens at a click on a card (card), a thumb (good), a comment (text; gives whether it is kept), a suggestion (question).
export function turnElement(turn, number, on) {
  return make(
    "li",
    { class: "turn", "data-turn": number },
    make("h3", { class: "question", dir: "auto" }, turn.question),
    turn.answered ? answer(turn, number, on) : refusal(turn, on),
    tools(turn, on),
  );
}

// A turn whose answer is still being made; it keeps the room that an answer needs.
export function waiting(question) {
  return make("li", { class: "turn waiting" }, make("h3", { class: "question", dir: "auto" }, question),
    make("p", { class: "answer", "aria-hidden": "true" }, make("span", { class: "dots" }, "…")));
}

function answer(turn, number, on) {
  const short = turn.short ? make("p", { class: "short", dir: "auto" }, capital(turn.short)) : null;
  const texts = new Texts(number, on);
  for (const part of turn.parts) texts.add(part, turn.cards);
  return make("div", { class: "answer" }, noticeOf(turn), short, texts.paragraphs, writerOf(turn), leftOut(turn), cards(turn, on));
}

// The paragraphs of an answer; sentences can be added one by one.
export class Texts {
  constructor(number, on) {
    Object.assign(this, { number, on, paragraphs: [], uses: new Map() });
  }

  // Add a sentence. Gives its paragraph where that is new, null where it goes on with the last one.
  add(part, cards) {
    const begins = part.begins !== false || !this.paragraphs.length; // older turns do not say
    if (begins) this.paragraphs.push(make("p", { dir: "auto" }));
    const paragraph = this.paragraphs.at(-1);
    if (!begins) paragraph.append(" ");
    paragraph.append(part.text);
    for (const marker of part.markers) {
      const card = cards.find((one) => one.marker === marker);
      if (card) paragraph.append(" ", this.citation(card));
    }
    return begins ? paragraph : null;
  }

  citation(card) {
    const use = (this.uses.get(card.marker) ?? 0) + 1;
    this.uses.set(card.marker, use);
    return make("a", {
      class: "cite", href: linkTo(card), id: `cite-${this.number}-${card.marker}${use > 1 ? `-${use}` : ""}`,
      "aria-label": say("room.citation", { marker: card.marker, title: card.title, place: place(card) }),
      onclick: (event) => { event.preventDefault(); this.on.card(card, event.currentTarget); },
    }, String(card.marker));
  }
}

// What the reader must be told beside an answer.
function noticeOf(turn) {
  return turn.notice ? make("p", { class: "told", dir: "auto" }, turn.notice) : null;
}

// Which language model wrote an answer; nothing for one made of quotations.
function writerOf(turn) {
  if (!turn.answered || (turn.mode ?? "quote") === "quote") return null;
  const words = [say("room.written", { model: turn.mode }), turn.stopped ? say("room.stopped") : ""];
  return make("p", { class: "writer" }, words.filter(Boolean).join(" "));
}

// The sentences of a language model that no document supports, folded; nothing where there are none.
export function leftOut(turn) {
  const sentences = turn.unsupported ?? [];
  if (!sentences.length) return null;
  return make("details", { class: "left-out" }, make("summary", {}, some("room.left-out", sentences.length)),
    make("p", { class: "hint" }, say("room.left-out-hint")),
    make("ul", {}, sentences.map(({ text, reason }) => make("li", {},
      make("q", { class: "unsupported", dir: "auto" }, text), " ", make("span", { class: "reason", dir: "auto" }, reason)))));
}

// A string that counts something; one has words of its own.
export const some = (key, count) => say(count === 1 ? `${key}-one` : key, { count });

function cards(turn, on) {
  return make("ul", { class: "cards", "aria-label": say(turn.answered ? "room.evidence" : "room.nearest") },
    turn.cards.map((card) => make("li", {}, cardElement(card, on))));
}

export function cardElement(card, on) {
  const where = place(card);
  return make("a", { class: "card", href: linkTo(card), "data-document": card.document_id, "data-version": card.version,
    onclick: (event) => { event.preventDefault(); on.card(card, event.currentTarget); } },
    make("span", { class: "head" },
      card.marker === null ? null : make("span", { class: "number" }, String(card.marker)),
      make("bdi", { class: "title" }, card.title),
      make("span", { class: `kind ${card.kind}` }, say(`room.kind-${card.kind}`))),
    where ? make("span", { class: "where", dir: "auto" }, where) : null,
    make("span", { class: "excerpt", dir: "auto" }, card.marker === null ? shortened(card.quoted) : highlighted(card)),
    card.referring ? make("span", { class: "referring", dir: "auto" }, say("room.referring", { text: shortened(card.referring) })) : null,
    make("span", { class: "foot" },
      card.marker === null ? null : make("span", { class: "sureness" }, sureness(card.score)),
      make("span", { class: "earlier", hidden: true })));
}

function highlighted(card) {
  const [a, b] = card.short ?? [0, 0];
  const quoted = [...card.quoted]; // offsets count code points, as the server does
  const cut = (from, to) => quoted.slice(from, to).join("");
  const mark = make("mark", {}, cut(0, a), b > a ? make("strong", {}, cut(a, b)) : null, cut(b));
  return [ending(card.before), mark, beginning(card.after)];
}

const SOME = 90; // characters of the passage beside a quotation in a card; all of it stands in the document
const ending = (text) => (text.length > SOME ? `… ${text.slice(-SOME).replace(/^\S*\s/, "")}` : text);
const beginning = (text) => (text.length > SOME ? `${text.slice(0, SOME).replace(/\s\S*$/, "")} …` : text);
const shortened = (text) => (text.length > 280 ? `${text.slice(0, 280).replace(/\s\S*$/, "")} …` : text);
const capital = (text) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1);

function refusal(turn, on) {
  return make("div", { class: "answer refusal" },
    noticeOf(turn),
    make("p", { class: "refused" }, say("room.refused")),
    make("div", { class: "instead", hidden: true }, make("p", { class: "hint" }, say("room.instead")), make("ul", { class: "suggestions" })),
    leftOut(turn),
    turn.cards.length ? make("p", { class: "hint" }, say("room.nearest")) : null,
    cards(turn, on));
}

// Fill a list of suggested questions.
export function suggest(list, questions, onPick) {
  list.replaceChildren(...questions.map(({ question, document_id }) =>
    make("li", {}, make("button", { type: "button", class: "suggestion", dir: "auto", onclick: () => onPick(question, document_id) }, question))));
}

function tools(turn, on) {
  const thumb = (good, name) => make("button", {
    type: "button", class: "quiet thumb", "aria-pressed": "false", "data-good": String(good),
    onclick: (event) => {
      const row = event.currentTarget.closest(".tools");
      row.querySelectorAll(".thumb").forEach((one) => one.setAttribute("aria-pressed", String(one === event.currentTarget)));
      row.querySelector(".comment").hidden = false;
      on.thumb(good);
    } }, say(name));
  const box = make("input", { type: "text", "aria-label": say("room.comment"), placeholder: say("room.comment"), maxlength: 4000 });
  const form = make("form", { class: "comment", hidden: true, onsubmit: async (event) => {
    event.preventDefault();
    if (!box.value.trim() || box.disabled) return;
    box.disabled = true;
    if (await on.comment(box.value.trim())) form.replaceChildren(say("room.thanks"));
    else box.disabled = false;
  } }, box, make("button", { type: "submit" }, say("room.keep")));
  return make("div", { class: "tools" }, thumb(true, "room.good"), thumb(false, "room.bad"), form);
}

// Say of each card that quotes an earlier version of its document, or one that is gone.
export function markEarlier(root, versions) {
  for (const card of root.querySelectorAll(".card")) {
    const now = versions.get(card.dataset.document);
    const note = card.querySelector(".earlier");
    note.hidden = now === card.dataset.version;
    note.textContent = note.hidden ? "" : say(now === undefined ? "room.gone" : "room.earlier");
  }
}
