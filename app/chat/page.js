// A marker in the conversation opens its card in the panel. Runs once, when the page has loaded.
() => {
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href*="#cite-"]');
    if (!link) return;
    event.preventDefault();
    const card = document.getElementById(link.getAttribute("href").split("#")[1]);
    if (!card) return;
    document.querySelectorAll("#panel .card.active").forEach((other) => other.classList.remove("active"));
    card.closest("details").open = true;
    card.classList.add("active");
    card.scrollIntoView({ block: "nearest", behavior: "smooth" });
    card.focus({ preventScroll: true });
  });
}
