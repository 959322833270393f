// The language model: whether it writes the next answer, and the dialog that connects the server with one.

import { make } from "./elements.js";
import { fetched, tell } from "./fetching.js";
import { say } from "./say.js";

const KEY = "cited.mode";
const HERE = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/; // hosts that are the server's own machine

export class LanguageModel {
  // root: the room's element.
  constructor(root) {
    this.name = null;
    this.choice = root.querySelector(".mode");
    this.button = root.querySelector('[data-act="model"]');
    this.dialog = root.querySelector("dialog.model");
    this.form = this.dialog.querySelector("form");
    this.choice.addEventListener("change", (event) => keep(event.target.value));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.do("use");
    });
    this.form.addEventListener("click", ({ target: { type, value } }) => {
      if (type !== "button") return;
      if (value === "close") this.dialog.close();
      else this.do(value);
    });
    this.dialog.addEventListener("close", () => { this.form.key.value = ""; });
    this.form.endpoint.addEventListener("input", () => this.warn());
  }

  // Whether the model is to write the next answer.
  get writes() {
    return this.name !== null && this.choice.querySelector(":checked").value === "model";
  }

  // Learn from the server which model there is now. Gives why that cannot be learnt, or "".
  async refresh() {
    const state = await call("model");
    if (!state.error) this.show(state);
    return state.error ?? "";
  }

  // state: as the server gives it, {model, endpoint, host, may_configure}.
  show(state) {
    this.state = state;
    this.name = state.model;
    this.choice.hidden = this.name === null;
    this.choice.title = this.name === null ? "" : say(state.host ? "model.writes-at" : "model.writes", { model: this.name, host: state.host });
    this.choice.querySelector(`[value="${kept()}"]`).checked = true;
    this.button.hidden = !state.may_configure;
  }

  async configure() {
    const error = await this.refresh();
    const { form, state } = this;
    form.endpoint.value = state.endpoint ?? "";
    form.model.value = state.model ?? "";
    form.key.placeholder = state.has_key ? say("model.key-kept") : "";
    form.querySelector(".remove").hidden = state.model === null;
    this.offer([]);
    this.say(error, error !== "");
    this.warn();
    this.dialog.showModal();
  }

  // Say where questions and passages go, when that is another machine.
  warn() {
    const host = hostOf(this.form.endpoint.value);
    const warning = this.form.querySelector(".warning");
    warning.hidden = !host || HERE.test(host);
    warning.textContent = warning.hidden ? "" : say("model.sent", { host });
  }

  // act: "use", "look" or "remove".
  async do(act) {
    const { form } = this;
    this.say(say("model.asking"));
    this.busy(true);
    const said = await call(PATHS[act], { endpoint: form.endpoint.value, model: form.model.value, api_key: form.key.value });
    this.busy(false);
    if (said.error) this.say(said.error, true);
    else if (act === "look") this.looked(said.models);
    else {
      if (act === "use") keep("model");
      this.show(said);
      this.dialog.close();
    }
  }

  busy(busy) {
    for (const button of this.form.querySelectorAll("button")) button.disabled = busy && button.value !== "close";
  }

  looked(models) {
    this.offer(models);
    this.say(models.length ? say("model.found", { count: models.length, models: models.slice(0, 5).join(", ") }) : say("model.none"));
    if (models.length === 1) this.form.model.value = models[0];
    this.form.model.focus();
  }

  offer(models) {
    this.form.querySelector("datalist").replaceChildren(...models.map((name) => make("option", { value: name })));
  }

  say(text, wrong = false) {
    const status = this.form.querySelector(".status");
    tell(status, text);
    status.classList.toggle("wrong", wrong);
  }
}

const PATHS = { use: "model", look: "model/look", remove: "model/remove" };

// given: posted as JSON; nothing asks for the state alone. Gives what the server says, or {error}.
function call(path, given) {
  const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) };
  return fetched(path, given ? post : { cache: "no-store" }, (response) => response.json(), say("room.unreachable"));
}

function hostOf(address) {
  try {
    return new URL(address).hostname;
  } catch {
    return "";
  }
}

function kept() {
  return localStorage.getItem(KEY) === "model" ? "model" : "quote";
}

function keep(mode) {
  try {
    localStorage.setItem(KEY, mode);
  } catch {
    // Full: the choice holds for this page.
  }
}
