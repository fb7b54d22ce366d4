// Which colours did this visitor choose? Runs before the first paint; the system's choice is the default.
"use strict";
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem("kept-theme"); } catch { return null; } };
  const apply = (theme) => { if (theme) root.dataset.theme = theme; else delete root.dataset.theme; };
  const saved = read();
  apply(saved === "light" || saved === "dark" ? saved : null);
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
        const now = root.dataset.theme || system;
        const next = now === "dark" ? "light" : "dark";
        apply(next === system ? null : next);
        try { localStorage.setItem("kept-theme", next === system ? "" : next); } catch { /* private mode: the choice lasts for this page */ }
      });
    }
  });
})();
