// Numbers, counts and names inside the words of the library tab.

import { make } from "./elements.js";
import { language, say } from "./say.js";

export const number = (value, digits = 0) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

// A string about one thing (its key ends in -one) or several.
export const many = (key, count) => say(count === 1 ? `${key}-one` : key, { count: number(count) });

// A string as nodes, its {name} in an element that keeps marks of direction to itself.
export function withName(key, name, values) {
  return say(key, values).split(/(\{name\})/).map((part) => (part === "{name}" ? make("bdi", {}, name) : part));
}
