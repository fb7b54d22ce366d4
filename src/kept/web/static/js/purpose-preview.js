// What will the customer read? Fills the line from the chosen purpose, category and reference, before anything is opened.
// Chips carry data-line with {category} and {ref}; the form is [data-purpose-form], the line [data-preview].
"use strict";
(() => {
  const ORDER = /^(?:order|заказ)(?![\p{L}\d_])[\s:.]*(?=\S)/iu;
  // The same words as the server's: "your order 118", "to answer you, order 118".
  const withRef = (words, typed, order) => {
    const ref = typed.trim();
    if (!ref) return words;
    const bare = ref.replace(ORDER, "");
    if (words.endsWith(` ${order}`)) return `${words} ${bare}`;
    return bare !== ref || /^\d+$/.test(ref) ? `${words}, ${order} ${bare}` : `${words}, ${ref}`;
  };
  for (const form of document.querySelectorAll("[data-purpose-form]")) {
    const line = form.querySelector("[data-preview]");
    if (!line) continue;
    const show = () => {
      const purpose = form.querySelector("input[name=purpose]:checked");
      const category = form.querySelector("input[name=category]:checked");
      const ref = form.elements.namedItem("ref");
      const button = form.querySelector("[data-open]");
      const allowed = purpose ? (purpose.dataset.categories || "").split(" ") : null;
      for (const chip of form.querySelectorAll("input[name=category]")) {
        chip.disabled = allowed !== null && !allowed.includes(chip.value);
        if (chip.disabled && chip.checked) chip.checked = false;
      }
      const picked = category && !category.disabled ? category : null;
      for (const part of form.querySelectorAll("[data-needs]")) {
        const needed = purpose !== null && (purpose.dataset.needs || "").split(" ").includes(part.dataset.needs);
        const input = part.querySelector("input, textarea");
        if (input) input.required = needed;
        for (const mark of part.querySelectorAll("[data-optional]")) mark.hidden = needed;
      }
      const ready = purpose && picked;
      if (button) button.disabled = !ready;
      line.textContent = ready
        ? withRef(purpose.dataset.line.replace("{ref}", "").replaceAll("{category}", picked.dataset.what), ref ? ref.value : "", line.dataset.order)
        : line.dataset.empty;
    };
    form.addEventListener("input", show);
    show();
  }
})();
