// One change of the library, as a card: its progress, and then the report of what became of each source.

import { make } from "./elements.js";
import { many, number, withName } from "./library_words.js";
import { say } from "./say.js";

const MOST_LINES = 100; // of a report; those that failed come first
const OUTCOMES = ["added", "replaced", "unchanged", "removed", "failed"];

export class Card {
  // job: as Job.to_json of library_jobs.py says, or its first fields. id: of a job that has begun.
  constructor(job, id) {
    this.id = id;
    this.job = { kind: "files", state: "waiting", total: 1, steps: 0, first: "", ...job };
    this.refused = []; // lines about what never came to the server
    this.button = make("button", { type: "button", onclick: () => this.press() });
    this.title = make("h3");
    this.bar = make("progress", { max: 1, "aria-label": say("library.progress") });
    this.text = make("p", { class: "told" });
    this.lines = make("ul", { class: "lines" });
    this.element = make("li", { class: "job" }, make("div", { class: "head" }, this.title, this.button), this.bar, this.text, this.lines);
    this.draw();
  }

  get over() {
    return this.job.state === "done" || this.job.state === "failed";
  }

  press() {
    if (!this.over && this.id) return this.onStop();
    this.closed = true;
    this.element.remove();
    return this.onClose();
  }

  // Take what is new. Gives a sentence where there is something worth saying aloud.
  update(job) {
    const before = `${this.job.state} ${quarter(this.job)}`;
    Object.assign(this.job, job);
    this.draw();
    const now = `${this.job.state} ${quarter(this.job)}`;
    return now !== before ? this.spoken() : "";
  }

  spoken() {
    return this.job.state === "done" ? `${this.summary().join(", ")}.` : this.progress().join(", ");
  }

  draw() {
    const { job } = this;
    this.element.dataset.state = job.state;
    const one = job.total === 1 && job.kind !== "samples" ? "-one" : "";
    this.title.replaceChildren(...withName(`library.job-${job.kind}${one}`, job.first, { count: number(job.total) }));
    this.button.textContent = this.over ? say("library.close") : say("library.stop");
    this.button.disabled = Boolean(job.stopping) && !this.over;
    this.bar.hidden = this.over;
    const share = shareOf(job);
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    this.text.textContent = (job.state === "done" ? this.summary() : this.progress()).join(" · ");
    if (job.state === "done") this.report();
  }

  progress() {
    const { job } = this;
    if (job.state === "failed") return [job.error];
    if (job.stopping) return [say("library.stopping")];
    if (job.state === "uploading") return [say("library.uploading", { done: number(job.steps + 1), total: number(job.total) })];
    if (job.state === "waiting") return [job.ahead ? many("library.waiting", job.ahead) : say("library.starting")];
    return [
      say("library.of", { done: number(job.steps), total: number(job.total) }),
      job.rate ? many("library.rate", Math.round(job.rate)) : say(job.kind === "delete" ? "library.deleting" : "library.reading"),
      ...(job.left ? [timeLeft(job.left)] : []),
    ];
  }

  summary() {
    const { summary = {} } = this.job;
    const failed = (summary.failed ?? 0) + this.refused.length;
    const told = OUTCOMES.map((name) => [name, name === "failed" ? failed : summary[name] ?? 0])
      .filter(([, count]) => count)
      .map(([name, count]) => say(`library.count-${name}`, { count: number(count) }));
    const rest = [["notes-linked", summary.notes_linked], ["notes-orphaned", summary.notes_without_marker], ["left-out", summary.left_out], ["left", summary.left]];
    return [...told, ...rest.filter(([, count]) => count).map(([name, count]) => many(`library.${name}`, count))];
  }

  report() {
    const lines = [...this.refused, ...(this.job.lines ?? [])].filter((line) => line.outcome !== "removed");
    lines.sort((a, b) => rank(a) - rank(b));
    const hint = lines.some((line) => / --[a-z]/.test(line.reason)) ? [make("li", { class: "hint" }, say("library.command-line"))] : [];
    const more = lines.length > MOST_LINES ? [make("li", { class: "hint" }, say("library.more", { count: number(lines.length - MOST_LINES) }))] : [];
    if (lines.length > 6) this.lines.tabIndex = 0; // it scrolls, by keyboard, too
    this.lines.replaceChildren(...lines.slice(0, MOST_LINES).map(lineOf), ...more, ...hint);
  }
}

const rank = (line) => (line.outcome === "failed" || line.outcome === "passed over" ? 0 : 1);

function lineOf(line) {
  const orphans = line.orphans ?? 0;
  const facts = [["notes-linked", (line.notes ?? 0) - orphans], ["notes-orphaned", orphans]];
  const outcome = line.outcome.replace(" ", "-");
  return make("li", { "data-outcome": outcome },
    make("p", {}, make("span", { class: "outcome" }, say(`library.outcome-${outcome}`)), " ", make("bdi", {}, line.title || line.source)),
    line.reason ? make("p", { class: "reason" }, make("bdi", {}, line.reason)) : null,
    ["replaced", "unchanged"].includes(outcome) ? make("p", { class: "hint" }, say(`library.said-${outcome}`)) : null,
    facts.filter(([, count]) => count).map(([name, count]) => make("p", { class: "hint" }, many(`library.${name}`, count))),
    pieces("left-out", line.left_out), pieces("warnings", line.warnings));
}

function pieces(name, texts = []) {
  if (!texts.length) return null;
  return make("details", {}, make("summary", {}, many(`library.${name}`, texts.length)),
    make("ul", {}, texts.map((text) => make("li", {}, make("bdi", {}, text)))));
}

// How much of a job is done, null where nobody knows: by passages where it is about one document.
function shareOf(job) {
  if (job.state === "waiting" || (job.state === "working" && !job.steps && !job.passages)) return null;
  return job.total === 1 && job.met ? job.passages / job.met : Math.min(job.steps / job.total, 1);
}

const quarter = (job) => Math.floor((shareOf(job) ?? 0) * 4);

const timeLeft = (seconds) =>
  seconds < 90 ? many("library.left-seconds", Math.ceil(seconds)) : many("library.left-minutes", Math.round(seconds / 60));
