// Dialogs of the room: a question with yes and no, or for a name; the list of keys.

import { make } from "./elements.js";
import { KEYS } from "./keys.js";
import { say } from "./say.js";

// Ask for a yes, or, where a name is given, for another one. Gives true or the name, null for no.
export function ask(root, { title, yes, name }) {
  const dialog = root.querySelector("dialog.asking");
  const box = dialog.querySelector(".name");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector(".yes").textContent = yes;
  box.closest("p").hidden = name === undefined;
  box.value = name ?? "";
  box.onkeydown = (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    dialog.close("yes");
  };
  dialog.returnValue = "";
  dialog.showModal();
  if (name !== undefined) box.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const agreed = dialog.returnValue === "yes";
      resolve(agreed ? (name === undefined ? true : box.value.trim().slice(0, 200) || null) : null);
    }, { once: true });
  });
}

// Show the list of keys.
export function showKeys(root) {
  const dialog = root.querySelector("dialog.keys");
  dialog.querySelector("dl").replaceChildren(...KEYS.flatMap(({ key, does }) =>
    [make("dt", {}, make("kbd", {}, key)), make("dd", {}, say(`room.key-${does}`))]));
  if (!dialog.open) dialog.showModal();
}
