// How far is the work on the copies? Puts what the server tells into the open page; nothing is replaced that somebody may have in focus.
// The section: <section data-work="/desk/backup/events">. An event "work": its data is that section made anew; "done": the page to go to.
"use strict";
(() => {
  const section = document.querySelector("[data-work]");
  if (!section || !window.EventSource) return;
  const part = (root, name) => root.querySelector(`[data-part="${name}"]`);
  const show = (event) => {
    const holder = document.createElement("template");
    holder.innerHTML = event.data;
    const fresh = holder.content;
    for (const name of ["title", "text", "left"]) {
      const text = part(fresh, name)?.textContent ?? "";
      if (part(section, name).textContent !== text) part(section, name).textContent = text;
    }
    const bar = part(fresh, "bar");
    for (const name of ["max", "value"]) {
      if (bar?.hasAttribute(name)) part(section, "bar").setAttribute(name, bar.getAttribute(name));
      else part(section, "bar").removeAttribute(name);
    }
    if (!part(fresh, "stop")) part(section, "stop")?.remove();
  };
  const source = new EventSource(section.dataset.work);
  source.addEventListener("work", show);
  source.addEventListener("done", (event) => { source.close(); location.assign(event.data); });
  addEventListener("pagehide", () => source.close());
})();
