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

// The whole turn. on: what happens at a click on a card (card), a thumb (good), a comment (text), a suggestion (question).
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
  const parts = turn.parts.map((part) =>
    make("p", { dir: "auto" }, part.text, part.markers.flatMap((marker) => {
      const card = turn.cards.find((one) => one.marker === marker);
      return card ? [" ", citation(card, number, on)] : [];
    })));
  return make("div", { class: "answer" }, short, parts, cards(turn, on));
}

function citation(card, number, on) {
  return make("a", {
    class: "cite", href: linkTo(card), id: `cite-${number}-${card.marker}`,
    "aria-label": say("room.citation", { marker: card.marker, title: card.title, place: place(card) }),
    onclick: (event) => { event.preventDefault(); on.card(card, event.currentTarget); },
  }, String(card.marker));
}

function cards(turn, on) {
  return make("ul", { class: "cards", "aria-label": say(turn.answered ? "room.evidence" : "room.nearest") },
    turn.cards.map((card) => make("li", {}, cardElement(card, on))));
}

function cardElement(card, on) {
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
    make("p", { class: "refused" }, say("room.refused")),
    make("div", { class: "instead", hidden: true }, make("p", { class: "hint" }, say("room.instead")), make("ul", { class: "suggestions" })),
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
  const form = make("form", { class: "comment", hidden: true, onsubmit: (event) => {
    event.preventDefault();
    if (!box.value.trim()) return;
    on.comment(box.value.trim());
    form.replaceChildren(say("room.thanks"));
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
