// Filter and search over the questions, and links that always lead to theirs. Without it all are shown.
"use strict";
const form = document.getElementById("controls");
const items = [...document.querySelectorAll("article.question")].map((element) => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll(".vh, .quiet").forEach((one) => one.remove());
  const fold = copy.textContent.toLowerCase().replace(/\s+/g, " ");
  return { element, text: fold, verdict: element.dataset.verdict, type: element.dataset.type };
});

function show() {
  const data = new FormData(form);
  const words = data.get("search").toLowerCase().replace(/\s+/g, " ").trim();
  let shown = 0;
  for (const item of items) {
    const fits =
      (data.get("verdict") === "all" || data.get("verdict") === item.verdict) &&
      (data.get("type") === "" || data.get("type") === item.type) &&
      item.text.includes(words);
    item.element.hidden = !fits;
    shown += fits;
  }
  document.getElementById("count").textContent = `${shown} of ${items.length} questions shown`;
}

function arrive() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target || !target.matches("article.question")) return;
  if (target.hidden) {
    form.reset();
    show();
  }
  target.querySelector("details").open = true;
  target.scrollIntoView();
  target.focus({ preventScroll: true });
}

function openShown(open) {
  for (const { element } of items) {
    if (!element.hidden) element.querySelector("details").open = open;
  }
}

form.hidden = false;
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("open").addEventListener("click", () => openShown(true));
document.getElementById("close").addEventListener("click", () => openShown(false));
window.addEventListener("hashchange", arrive);
show();
arrive();
