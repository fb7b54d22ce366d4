// What will the customer read? Fills the line from the chosen purpose, category and reference, before anything is opened.
// Chips carry data-line with {category} and {ref}; the form is [data-purpose-form], the line [data-preview].
"use strict";
(() => {
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
        ? purpose.dataset.line.replaceAll("{category}", picked.dataset.what).replaceAll("{ref}", ref && ref.value.trim() ? ` ${ref.value.trim()}` : "")
        : line.dataset.empty;
    };
    form.addEventListener("input", show);
    show();
  }
})();
