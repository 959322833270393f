// What the server says, or {error}: why it did not, in words for the reader.

import { make } from "./elements.js";
import { say } from "./say.js";

export const ENDED = say("session.ended");

// What read makes of the response from a path beside this folder. failed: said where none comes, or a refusal that
// gives no reason.
export async function fetched(path, options, read, failed) {
  try {
    const response = await fetch(new URL(`../${path}`, import.meta.url), options);
    return response.ok ? await read(response) : { error: await refusal(response, failed) };
  } catch {
    return { error: failed };
  }
}

// Why a response is not ok: what the server says in plain words, or in the detail of a problem (RFC 9457).
export async function refusal(response, failed) {
  if (response.status === 401) return ENDED;
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("text/plain")) return (await response.text()) || failed;
  const { detail } = type.includes("json") ? await response.json() : {};
  return typeof detail === "string" ? detail : failed;
}

// What a function of the server says, called through Gradio.
export async function called(server, name, given, failed) {
  try {
    const said = await server[name](given);
    if (said) return said;
  } catch {
    // The reason follows.
  }
  return { error: await reason(failed) };
}

// Why something failed in Gradio's client, which tells no reason: whoever has no session is refused this, too.
export async function reason(failed) {
  const { error } = await fetched("account.json", { cache: "no-store" }, () => ({}), failed);
  return error === ENDED ? ENDED : failed;
}

// Put words into an element; that the session has ended, with a link to where the next one begins and leads back here. Its
// style comes along: it stands in parts of the page that have style sheets of their own.
export function tell(element, words) {
  element.textContent = words;
  if (words !== ENDED) return;
  const address = new URL("../login", import.meta.url);
  address.searchParams.set("next", location.pathname + location.search + location.hash);
  element.append(" ", make("a", { href: address, style: "color: inherit; text-decoration: underline" }, say("session.log-in")));
}
