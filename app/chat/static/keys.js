// Keys that work wherever nothing is being typed.

export const KEYS = [
  { key: "/", does: "question" },
  { key: "j", does: "next" },
  { key: "k", does: "previous" },
  { key: "n", does: "fresh" },
  { key: "Esc", does: "close" },
  { key: "?", does: "help" },
];

// root: works only while this is to be seen. does: a function for each name in KEYS.
export function shortcuts(root, does) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !root.offsetParent) return;
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing && event.key !== "Escape") return;
    const name = KEYS.find(({ key }) => key === (event.key === "Escape" ? "Esc" : event.key))?.does;
    if (!name) return;
    event.preventDefault();
    does[name]();
  });
}
