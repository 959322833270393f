// Who reads here, where people log in.

// The name of the account, null where nobody has one.
export const account = await fetch(new URL("../account.json", import.meta.url))
  .then((answer) => answer.json())
  .then(({ name }) => name ?? null, () => null);

// End the session, and go to where the next one begins.
export async function logOut() {
  await fetch(new URL("../logout", import.meta.url), { method: "POST", redirect: "manual" }).catch(() => {});
  location.assign(new URL("../login", import.meta.url));
}
