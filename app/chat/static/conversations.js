// Conversations, kept in this browser: the newest first. Knows nothing of elements.

import { account } from "./account.js";

const KEY = account === null ? "cited.conversations" : `cited.conversations of ${account}`; // The next one is no reader of mine.

// All conversations that this browser keeps; what cannot be read counts as none.
export function all() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => one && one.id && Array.isArray(one.turns)) : [];
  } catch {
    return [];
  }
}

// The conversation of this id, undefined where there is none.
export const find = (id) => all().find((one) => one.id === id);

// A conversation without turns; it is kept from its first turn on.
export function fresh(documents = []) {
  return { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, title: "", created: new Date().toISOString(), documents, turns: [] };
}

// Keep a conversation as it is now. Throws where the browser has no room left.
export function keep(conversation) {
  write([conversation, ...all().filter((one) => one.id !== conversation.id)]);
}

// Change some fields of a kept conversation, in its place. What is said of no kept one changes nothing.
export function change(id, fields) {
  write(all().map((one) => (one.id === id ? { ...one, ...fields } : one)));
}

export function remove(id) {
  write(all().filter((one) => one.id !== id));
}

function write(conversations) {
  localStorage.setItem(KEY, JSON.stringify(conversations));
}

// Call when another window of this browser has changed what is kept.
export function onChange(call) {
  window.addEventListener("storage", (event) => event.key === KEY && call());
}
