// Conversations, kept in this browser: the newest first. Knows nothing of elements.

import { account } from "./account.js";

const KEY = account === null ? "cited.conversations" : `cited.conversations of ${account}`; // The next one is no reader of mine.
const seen = new Set(); // Ids of what was kept once; what is not kept any more was deleted.

// All conversations that this browser keeps; what cannot be read counts as none.
export function all() {
  try {
    const read = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    const kept = Array.isArray(read) ? read.filter((one) => one && one.id && Array.isArray(one.turns)) : [];
    for (const { id } of kept) seen.add(id);
    return kept;
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

// Keep the turns that a conversation has got: the last one, and any that found no room before. All else stays as it is
// kept now, for another window may have changed it. Gives false where the conversation was deleted: it stays so. Throws
// where the browser has no room left.
export function keep(conversation) {
  const kept = find(conversation.id);
  if (!kept && seen.has(conversation.id)) return false;
  const known = new Set(kept?.turns.map((turn) => JSON.stringify(turn)));
  const turns = [...(kept?.turns ?? []), ...conversation.turns.filter((turn) => !known.has(JSON.stringify(turn)))];
  write([{ ...(kept ?? conversation), turns }, ...all().filter((one) => one.id !== conversation.id)]);
  return true;
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
  for (const { id } of conversations) seen.add(id);
}

// Call when another window of this browser has changed what is kept.
export function onChange(call) {
  window.addEventListener("storage", (event) => event.key === KEY && call());
}
