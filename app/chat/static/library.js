// The library tab: adds files and pages, shows what becomes of them, and lists and deletes documents.

import { called, ENDED, reason, tell } from "./fetching.js";
import { Card } from "./library_job.js";
import { List } from "./library_list.js";
import { number } from "./library_words.js";
import { say, sayAll } from "./say.js";

const EVERY = 400; // milliseconds between two looks at jobs under way
const PATIENCE = 3000; // milliseconds to wait for a server that does not answer
const KEPT = "cited.library.jobs"; // their ids, so that a page that is loaded again goes on showing them

// server: the functions of library_tab.py. upload: Gradio's, a file to {path}.
export function start(element, server, upload) {
  const root = element.querySelector(".library");
  sayAll(root);
  new Tab(root, server, upload).begin();
}

class Tab {
  constructor(root, server, upload) {
    this.root = root;
    this.server = server;
    this.upload = upload;
    this.cards = new Set();
    this.find = (selector) => root.querySelector(selector);
    this.list = new List(this.find(".held"), (documents) => this.delete(documents));
    this.most = Number(root.dataset.mostBytes);
  }

  async begin() {
    this.find(".formats").textContent = say("library.formats", { size: megabytes(this.most) });
    this.find("input[type=file]").accept = this.root.dataset.suffixes;
    this.listen();
    for (const id of remembered()) this.show(new Card({}, id));
    this.watch();
    // Whenever the tab comes to be seen: others may have changed the library meanwhile.
    new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.refresh()).observe(this.root);
  }

  listen() {
    const input = this.find("input[type=file]");
    this.root.addEventListener("click", (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act === "choose") input.click();
      if (act === "samples") this.job("samples", "add_samples", {});
    });
    input.addEventListener("change", () => {
      this.addFiles([...input.files]);
      input.value = "";
    });
    this.find("form.page-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.addPages(this.find("#library-address"));
    });
    const dragged = (event) => event.dataTransfer?.types.includes("Files");
    for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
      this.root.addEventListener(name, (event) => {
        if (!dragged(event)) return;
        event.preventDefault();
        this.root.classList.toggle("over", over);
        if (name === "drop") this.addFiles([...event.dataTransfer.files], foldersIn(event.dataTransfer));
      });
    }
  }

  // Upload files, then let the server read them. What cannot be uploaded is told with the others.
  async addFiles(files, folders = new Set()) {
    if (!files.length) return;
    this.warn("");
    const card = this.show(new Card({ kind: "files", state: "uploading", total: files.length, first: files[0].name }));
    const error = this.told(await reason("")); // Of an upload that is refused Gradio shows the whole answer.
    if (error) {
      this.begun(card, { error });
      return;
    }
    const uploaded = [];
    for (const [at, file] of files.entries()) {
      if (card.closed) return;
      card.update({ steps: at });
      const fail = (reason) => card.refused.push({ source: file.name, outcome: "failed", reason });
      if (folders.has(file.name)) fail(say("library.folder"));
      else if (file.size > this.most) fail(say("library.too-large", { size: megabytes(file.size), most: megabytes(this.most) }));
      else {
        try {
          uploaded.push({ path: (await this.upload(anonymous(file))).path, name: file.name });
        } catch {
          fail(say("library.not-uploaded"));
        }
      }
    }
    if (!uploaded.length) {
      card.update({ state: "done", steps: files.length, lines: [], summary: {} });
      this.speak(card.spoken());
    } else if (!card.closed) {
      await this.begun(card, await this.call("add_files", { files: uploaded }));
    }
  }

  addPages(box) {
    const addresses = box.value.split(/\s+/).filter(Boolean);
    this.warn(addresses.length ? "" : say("library.no-address"));
    if (!addresses.length) return box.focus();
    box.value = "";
    return this.job("pages", "add_pages", { addresses }, addresses[0], addresses.length);
  }

  delete(documents) {
    return this.job("delete", "delete", { ids: documents.map((one) => one.id) }, "", documents.length);
  }

  job(kind, name, given, first = "", total = 1) {
    const card = this.show(new Card({ kind, state: "waiting", total, first }));
    return this.call(name, given).then((reply) => this.begun(card, reply));
  }

  begun(card, reply) {
    if (reply.error) {
      card.update({ state: "failed", error: reply.error });
      this.speak(card.spoken());
      return null;
    }
    card.id = reply.job;
    this.remember();
    return this.watch();
  }

  show(card) {
    card.onStop = () => this.call("stop", { ids: [card.id] });
    card.onClose = () => {
      this.cards.delete(card);
      this.remember();
      (this.find(".job button") ?? this.find("[data-act=choose]")).focus();
    };
    this.cards.add(card);
    this.find(".jobs").prepend(card.element);
    return card;
  }

  // Look at the jobs under way until there are none. Only one such loop runs.
  async watch() {
    if (this.watching) return;
    this.watching = true;
    for (;;) {
      const open = [...this.cards].filter((card) => card.id && !card.over);
      if (!open.length) break;
      const reply = await this.call("look", { ids: open.map((card) => card.id) });
      this.warn(reply.error ?? "");
      if (!reply.error) open.forEach((card) => this.update(card, reply.jobs.find((job) => job.id === card.id)));
      await new Promise((resolve) => setTimeout(resolve, reply.error ? PATIENCE : EVERY));
    }
    this.watching = false;
  }

  update(card, job) {
    const told = card.update(job ?? { state: "failed", error: say("library.forgotten") });
    if (told) this.speak(told);
    if (!card.over) return;
    const { added = 0, replaced = 0, removed = 0 } = card.job.summary ?? {};
    if (added + replaced + removed === 0) return;
    this.refresh();
    document.dispatchEvent(new CustomEvent("cited:library"));
  }

  async refresh() {
    const reply = await this.call("documents", {});
    if (reply.error) this.warn(reply.error);
    else this.list.offer(reply.documents);
  }

  async call(name, given) {
    const reply = await called(this.server, name, given, say("library.unreachable"));
    this.told(reply.error);
    return reply;
  }

  // An error, as it is; that the session has ended is told above the cards, too, where it comes with a link.
  told(error) {
    if (error === ENDED) this.warn(error);
    return error;
  }

  remember() {
    sessionStorage.setItem(KEPT, JSON.stringify([...this.cards].map((card) => card.id).filter(Boolean)));
  }

  warn(text) {
    if (text === this.warning) return; // Said again, it would be spoken again.
    this.warning = text;
    tell(this.find(".notice"), text);
  }

  speak(text) {
    this.find("[role=status]").textContent = text;
  }
}

// The file under a name that nothing else has, for Gradio keeps files of one content and name as one.
const anonymous = (file) => new File([file], `upload-${Math.random().toString(36).slice(2)}`);

const megabytes = (bytes) => number(Math.max(bytes / 1e6, 0.1), 1);

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]").filter((id) => typeof id === "string");
  } catch {
    return [];
  }
}

// Names of the folders among dropped files, which browsers hand over as files that cannot be read.
function foldersIn(dropped) {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry?.());
  return new Set(entries.filter((entry) => entry?.isDirectory).map((entry) => entry.name));
}
