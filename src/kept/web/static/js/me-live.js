// Who looked just now? Adds each new act to the timeline as the server tells of it; misses none after a lost line.
// The list: <ol data-live="/me/events" data-last="41">. An event "act": its id is the Last-Event-ID, its data one <li> made by the server.
"use strict";
(() => {
  const list = document.querySelector("[data-live]");
  if (!list || !window.EventSource) return;
  const state = document.querySelector("[data-live-state]");
  const said = document.querySelector("[data-live-said]");
  const say = (name) => { if (state) for (const part of state.children) part.hidden = part.dataset.state !== name; };
  const add = (event) => {
    const holder = document.createElement("template");
    holder.innerHTML = event.data;
    const item = holder.content.querySelector("li");
    if (!item) return;
    const old = item.id ? document.getElementById(item.id) : null;
    if (old) { old.replaceWith(item); return; }
    item.classList.add("is-new");
    list.prepend(item);
    document.querySelector("[data-live-empty]")?.setAttribute("hidden", "");
    const what = item.querySelector(".what");
    if (said && what) said.textContent = what.textContent.trim();
  };
  const url = new URL(list.dataset.live, location.href);
  if (list.dataset.last) url.searchParams.set("after", list.dataset.last);
  const source = new EventSource(url);
  source.addEventListener("open", () => say("on"));
  source.addEventListener("error", () => say("off"));
  source.addEventListener("act", add);
  addEventListener("pagehide", () => source.close());
})();
