// The words of the page in the reader's language; all of them stand in strings.json.

const LANGUAGES = ["en", "ko", "ja"];

export const language =
  navigator.languages.map((name) => name.toLowerCase().split("-")[0]).find((name) => LANGUAGES.includes(name)) ?? "en";

const strings = await (await fetch(new URL("../strings.json", import.meta.url))).json();

// A string with its {placeholders} filled in; plain text, for textContent.
export function say(key, values = {}) {
  const text = strings[key]?.[language] ?? strings[key]?.en;
  if (text === undefined) throw new Error(`there is no string ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// Fill in every element that names a string: data-say for its text, data-say-label and the like for attributes.
export function sayAll(root) {
  for (const element of root.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const [name, attribute] of [["sayLabel", "aria-label"], ["sayTitle", "title"], ["sayPlaceholder", "placeholder"]]) {
    const selector = `[data-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}]`;
    for (const element of root.querySelectorAll(selector)) element.setAttribute(attribute, say(element.dataset[name]));
  }
}
