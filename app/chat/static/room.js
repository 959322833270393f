// The reading room: ties conversation, composer, document pane and what the server does together.

import { account, logOut } from "./account.js";
import { Chooser } from "./chooser.js";
import * as kept from "./conversations.js";
import { ask as askReader, showKeys } from "./dialogs.js";
import { download, make } from "./elements.js";
import { called, tell } from "./fetching.js";
import { shortcuts } from "./keys.js";
import { LanguageModel } from "./model.js";
import { fromHash, pane as readingPane } from "./reading.js";
import { say, sayAll } from "./say.js";
import { linkTo, markEarlier, suggest, turnElement, waiting } from "./turns.js";
import { replace, Writing } from "./writing.js";

const WIDE = matchMedia("(min-width: 820px)"); // the document stands beside the conversation, as in page.css

// server: the functions of room.py.
export function start(element, server) {
  const room = new Room(element.querySelector(".room"), server);
  sayAll(room.root);
  room.begin();
}

class Room {
  constructor(root, server) {
    this.root = root;
    this.server = server;
    this.versions = new Map();
    this.conversation = kept.fresh();
    this.find = (selector) => root.querySelector(selector);
    this.pane = readingPane(this.find(".pane"), { say, onClose: () => this.closePane() });
    this.model = new LanguageModel(root);
    this.chooser = new Chooser(this.find(".chooser"), (ids) => this.choose(ids));
  }

  async begin() {
    this.listen();
    const leave = this.find('[data-act="log-out"]');
    leave.hidden = account === null;
    leave.textContent = say("room.log-out", { name: account });
    this.open(this.conversation);
    this.find("#question").disabled = false; // Before this, nothing would hear what is asked.
    await this.refresh();
    this.openLink();
    if (WIDE.matches) this.find("#question").focus({ preventScroll: true });
    import("./library.js").catch(() => {}); // So that its tab can still say it, where the session ends before it is opened.
  }

  listen() {
    const box = this.find("#question");
    this.find(".composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask(box.value);
    });
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.ask(box.value);
    });
    box.addEventListener("input", () => grow(box));
    this.root.addEventListener("click", (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act === "fresh") this.open(kept.fresh(this.conversation.documents), true);
      if (act === "stop") this.writing?.stop();
      if (act === "model") this.model.configure();
      if (act === "help") showKeys(this.root);
      if (act === "log-out") logOut();
      if (act === "conversations") this.showList(true);
      if (act === "hide-conversations") this.showList(false);
      const format = event.target.closest("[data-export]")?.dataset.export;
      if (format) this.export(format);
    });
    window.addEventListener("hashchange", () => this.openLink());
    window.addEventListener("focus", () => this.refresh());
    document.addEventListener("cited:library", () => this.refresh());
    kept.onChange(() => this.list());
    for (const menu of this.root.querySelectorAll(".menu-of")) foldOutside(menu);
    this.find(".chooser").addEventListener("toggle", (event) => event.target.open && this.refresh());
    shortcuts(this.root, {
      question: () => box.focus(),
      fresh: () => this.open(kept.fresh(), true),
      next: () => this.step(1),
      previous: () => this.step(-1),
      close: () => (this.writing ? this.writing.stop() : this.closePane()),
      help: () => showKeys(this.root),
    });
  }

  // Asking

  async ask(text) {
    const question = text.trim();
    if (!question || this.asking) return;
    const { conversation } = this;
    const box = this.find("#question");
    box.value = "";
    grow(box);
    this.notice("");
    this.find(".welcome").hidden = true;
    const asked = { question, history: conversation.turns.map((one) => one.asked), documents: [...this.chooser.chosen] };
    const place = this.place(question, conversation);
    this.asking = { id: conversation.id, place };
    this.find(".turns").append(place);
    place.scrollIntoView({ block: "start" });
    const turn = await (this.writing ? this.writing.run(asked) : this.call("ask", asked));
    this.asking = null;
    this.toWrite(null);
    const here = this.conversation.id === conversation.id; // else the reader went on to another one
    const failed = turn.error !== undefined;
    if (!failed) this.add(here ? this.conversation : conversation, turn); // Who came back has it as another object.
    if (!here) return;
    if (failed) {
      place.remove();
      this.find(".welcome").hidden = this.conversation.turns.length > 0;
      box.value = box.value || text;
      grow(box);
      this.notice(turn.error);
      return;
    }
    this.answered(place, turn);
  }

  // The newest turn of this conversation, in the place that waits for it.
  answered(place, turn) {
    const shown = this.element(turn, this.conversation.turns.length);
    this.origin = replace(place, shown, this.origin);
    this.title();
    this.speak(turn);
    if (turn.answered && WIDE.matches && !shown.querySelector(".shown")) this.card(turn.cards[0], null);
    if (!turn.answered) this.instead(shown, turn);
  }

  // Where the answer is going to stand: what a language model writes shows while it is written.
  place(question, conversation) {
    if (!this.model.writes) return waiting(question);
    this.toWrite(new Writing(question, this.model.name, conversation.turns.length + 1, {
      card: (card, from) => this.card(card, from),
      first: (card) => { if (this.conversation.id === conversation.id && WIDE.matches) this.card(card, null); },
    }));
    return this.writing.element;
  }

  // writing: what is being written now, null for nothing.
  toWrite(writing) {
    this.writing = writing;
    const [ask, stop] = [this.find(".ask"), this.find(".stop")];
    const focused = document.activeElement === stop;
    ask.hidden = writing !== null;
    stop.hidden = writing === null;
    if (focused) this.find("#question").focus({ preventScroll: true });
  }

  // A turn of a conversation, kept where that was not deleted meanwhile; the conversation has the first question's words
  // as its title until it is renamed.
  add(conversation, turn) {
    conversation.turns.push(turn);
    conversation.title ||= turn.question.slice(0, 80);
    try {
      if (!kept.keep(conversation) && conversation === this.conversation) this.notice(say("room.not-kept"));
    } catch {
      this.notice(say("room.full"));
    }
    this.list();
  }

  // After a refusal: questions that the documents do answer.
  async instead(element, turn) {
    const { questions = [] } = await this.call("suggest", { question: turn.asked, documents: this.conversation.documents });
    if (!questions.length) return;
    const block = element.querySelector(".instead");
    suggest(block.querySelector(".suggestions"), questions, (question) => this.ask(question));
    block.hidden = false;
  }

  call(name, value) {
    return called(this.server, name, value, say("room.unreachable"));
  }

  speak(turn) {
    const words = turn.answered ? turn.parts.map((part) => part.text).join(" ") : say("room.refused");
    this.find(".spoken").textContent = words;
  }

  notice(text) {
    tell(this.find(".notice"), text);
  }

  // Conversations

  open(conversation, focus = false) {
    this.conversation = conversation;
    this.find(".turns").replaceChildren(...conversation.turns.map((turn, i) => this.element(turn, i + 1)));
    if (this.asking?.id === conversation.id) this.find(".turns").append(this.asking.place);
    this.find(".welcome").hidden = this.find(".turns").children.length > 0;
    this.notice("");
    this.title();
    this.list();
    this.chooser.show(conversation.documents);
    this.showList(false);
    markEarlier(this.find(".turns"), this.versions);
    this.find(".turns").lastElementChild?.scrollIntoView({ block: "start" });
    if (!conversation.turns.length) this.suggestFirst();
    if (focus) this.find("#question").focus();
  }

  element(turn, number) {
    const element = turnElement(turn, number, {
      card: (card, from) => this.card(card, from),
      thumb: (good) => this.call("judge", { turn, good, comment: "" }).then((said) => this.notice(said.error ?? "")),
      comment: (comment) => this.call("judge", { turn, good: null, comment }).then((said) => {
        this.notice(said.error ?? "");
        return !said.error;
      }),
    });
    if (this.versions.size) markEarlier(element, this.versions);
    return element;
  }

  list() {
    const line = (one) => {
      const current = one.id === this.conversation.id;
      return make("li", { class: current ? "current" : null },
        make("button", { type: "button", class: "name", dir: "auto", "aria-current": current ? "true" : null, onclick: () => this.open(one, true) }, one.title),
        make("button", { type: "button", class: "quiet", "aria-label": say("room.rename-one", { title: one.title }), title: say("room.rename"), onclick: () => this.rename(one) }, "✎"),
        make("button", { type: "button", class: "quiet", "aria-label": say("room.delete-one", { title: one.title }), title: say("room.delete"), onclick: () => this.remove(one) }, "×"));
    };
    this.find(".conversations .list").replaceChildren(...kept.all().map(line));
  }

  async rename(one) {
    const title = await askReader(this.root, { title: say("room.rename"), yes: say("room.rename"), name: one.title });
    if (!title) return;
    kept.change(one.id, { title });
    if (one.id === this.conversation.id) this.conversation.title = title;
    this.title();
    this.list();
  }

  async remove(one) {
    const sure = await askReader(this.root, { title: say("room.delete-sure", { title: one.title }), yes: say("room.delete") });
    if (!sure) return;
    kept.remove(one.id);
    if (one.id === this.conversation.id) this.open(kept.fresh(), true);
    else this.list();
  }

  title() {
    this.find("#talk-title").textContent = this.conversation.title || say("room.fresh");
    this.find(".export").hidden = this.conversation.turns.length === 0;
  }

  showList(shown) {
    this.root.toggleAttribute("data-list", shown);
    if (shown) this.find('[data-act="hide-conversations"]').focus();
  }

  async export(format) {
    this.find(".export").open = false;
    const file = await this.call("export", { conversation: this.conversation, format });
    if (file.error) this.notice(file.error);
    else download(file);
  }

  // Documents

  choose(ids) {
    this.conversation.documents = ids;
    if (this.conversation.turns.length) kept.change(this.conversation.id, { documents: ids });
    else this.suggestFirst();
  }

  async refresh() {
    this.model.refresh();
    const { documents, error } = await this.call("documents", {});
    if (error) return;
    this.versions = new Map(documents.map((one) => [one.id, one.version]));
    this.chooser.offer(documents, this.conversation.documents);
    this.find(".welcome .empty").hidden = documents.length > 0;
    this.find(".welcome .empty").textContent = say("room.empty");
    markEarlier(this.find(".turns"), this.versions);
    const state = documents.map((one) => one.version).join();
    if (state !== this.state && !this.conversation.turns.length) this.suggestFirst();
    this.state = state;
  }

  async suggestFirst() {
    const { conversation } = this;
    const { questions = [] } = await this.call("suggest", { documents: conversation.documents });
    if (this.conversation === conversation) suggest(this.find(".welcome .suggestions"), questions, (question) => this.ask(question));
  }

  // The document

  card(card, from) {
    this.root.querySelectorAll(".shown").forEach((one) => one.classList.remove("shown"));
    const link = `a[href="${CSS.escape(linkTo(card))}"]`;
    (from?.closest(".turn") ?? this.find(".turn:last-child"))?.querySelectorAll(link).forEach((one) => one.classList.add("shown"));
    this.origin = from;
    this.openPane();
    const short = card.short && [card.start + card.short[0], card.start + card.short[1]];
    return this.pane.show({ ...card, short, focus: from !== null });
  }

  openLink() {
    const link = fromHash(location.hash);
    if (!link) return;
    this.origin = null;
    this.openPane();
    this.pane.show(link);
  }

  openPane() {
    this.root.dataset.pane = "open";
  }

  closePane() {
    if (this.root.dataset.pane === "closed") return;
    this.root.dataset.pane = "closed";
    (this.origin ?? this.find("#question")).focus();
  }

  // The next marker of the conversation, or the one before; while no document is open, the last one again.
  step(by) {
    const markers = [...this.root.querySelectorAll(".cite, .refusal .card")];
    const at = markers.indexOf(this.origin ?? document.activeElement);
    const closed = this.root.dataset.pane === "closed";
    const next = markers[at < 0 ? (by > 0 ? 0 : markers.length - 1) : closed ? at : at + by];
    next?.focus();
    next?.click();
  }
}

// A text box as high as its text, up to six lines.
function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 160)}px`;
}

// A folding menu closes at a click beside it and at Escape.
function foldOutside(menu) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
