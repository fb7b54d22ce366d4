// Can the desk be used without a mouse? j/k walk the rows, / searches, ? shows all keys; [data-key="x"] is pressed by x.
"use strict";
(() => {
  document.querySelector(".desk__nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  const typing = (element) => element.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable], dialog") !== null;
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  const walk = (step) => {
    const all = rows();
    if (!all.length) return;
    const here = all.findIndex((row) => row.contains(document.activeElement));
    const row = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + step))];
    (row.matches("a, button") ? row : row.querySelector("a, button, input"))?.focus();
  };
  const help = () => document.getElementById("keys-help")?.showModal();
  const search = () => document.querySelector("[data-search]")?.focus();
  const fixed = { j: () => walk(1), k: () => walk(-1), "/": search, "?": help };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const target = fixed[event.key] ? null : document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!fixed[event.key] && !target) return;
    event.preventDefault();
    if (target) { if (target.matches("input, textarea, select")) target.focus(); else target.click(); } else fixed[event.key]();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-open]")) help();
  });
})();
