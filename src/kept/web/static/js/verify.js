// Is this receipt true? Reads what is dropped, picked or pasted, checks it with receipt.js, and says each step in words. Asks no server.
import { verifyReceipt } from "./receipt.js";

const root = document.querySelector("[data-verify]");
const one = (name, within = root) => within.querySelector(`[data-${name}]`);
const words = (key) => one("words").querySelector(`[data-word="${key}"]`)?.textContent ?? "";
const paste = one("paste"), key = one("key"), result = one("result");
const shipped = key.value.trim(), older = one("older").textContent.split("\n").filter(Boolean);
let file = null;

// Where does the key come from? Said beside it, always.
const noted = () => { try { return JSON.parse(localStorage.getItem("kept-log") || "null")?.vkey ?? ""; } catch { return ""; } };
const saySource = () => {
  const now = key.value.trim();
  const source = !now ? "none" : now === noted() ? "noted" : now === shipped ? "shipped" : older.includes(now) ? "older" : "yours";
  one("key-source").textContent = words(`key.${source}`) + (source === "shipped" && noted() ? ` ${words("key.other")}` : "");
};
if (noted() && !shipped) key.value = noted();
key.addEventListener("input", saySource);
saySource();

// The steps that are shown, each with the steps of the check that it stands for.
const SHOWN = [["read", ["format", "leaf"]], ["signature", ["log"]], ["witness", ["cosignatures", "quorum"]], ["inclusion", ["inclusion"]], ["opening", ["opening"]]];

const describe = (name, parts) => {
  const failed = parts.find((part) => part.state === "failed");
  if (failed) return { icon: "broken", text: words(`${name}.bad`), maths: failed.what };
  if (parts.every((part) => part.state === "absent")) return { icon: "info", text: words(`${name}.none`), maths: "" };
  return { icon: "kept", text: words(`${name}.good`), maths: parts.map((part) => part.what).filter(Boolean).join("\n\n") };
};

const show = (icon, verdict, line, rows) => {
  result.hidden = false;
  result.className = `verdict s-${icon}`;
  one("result-icon").setAttribute("href", `/static/icons.svg#${icon === "at_risk" ? "at_risk" : icon}`);
  for (const part of result.querySelectorAll("[data-verdict]")) part.hidden = part.dataset.verdict !== verdict;
  one("line").textContent = line;
  one("steps").replaceChildren(...rows.map(({ name, icon: picture, text, maths }) => {
    const item = root.querySelector("template[data-step]").content.cloneNode(true);
    one("step-icon", item).setAttribute("href", `/static/icons.svg#${picture}`);
    one("step-name", item).textContent = words(name);
    one("step-text", item).textContent = text;
    if (maths) one("step-maths", item).textContent = maths; else item.querySelector("details").remove();
    item.firstElementChild.classList.add(`s-${picture}`);
    return item;
  }));
  result.focus();
};

const tell = ({ entry, detail }) => {
  if (!entry || entry.version !== 1) return "";
  const at = detail?.at ?? entry.day;
  const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const when = new Date(at).toLocaleString(lang, { dateStyle: "long", timeStyle: detail ? "short" : undefined, timeZone: "UTC" });
  const told = (group) => one("words").querySelector(`[data-word="${group}:${entry[group]}"]`)?.textContent ?? entry[group];
  const why = ["role", "purpose"].map(told).filter(Boolean).join("; ");
  return `${told("kind")}${why ? ` (${why})` : ""}. ${when}${detail ? " UTC" : ""}`;
};

// A receipt of a closed log is held against that log's key, as long as nobody typed another one.
const fitKey = (raw) => {
  const lines = [shipped, ...older];
  const origin = new TextDecoder().decode(raw).split("\n\n")[1]?.split("\n")[0];
  const fits = lines.find((line) => line.startsWith(`${origin}+`));
  if (fits && lines.includes(key.value.trim())) { key.value = fits; saySource(); }
};

const check = async () => {
  const raw = file ? new Uint8Array(await file.arrayBuffer()) : new TextEncoder().encode(paste.value.replace(/\n*$/, "\n"));
  fitKey(raw);
  let found;
  try {
    found = await verifyReceipt(raw, key.value.trim());
  } catch (error) {
    const cannot = error.name === "NotSupportedError";
    show("at_risk", "unclear", "", [{ name: "signature", icon: "at_risk", text: words(cannot ? "signature.cannot" : "key.bad"), maths: cannot ? "" : error.message }]);
    return;
  }
  const rows = SHOWN.map(([name, steps]) => [name, found.steps.filter((part) => steps.includes(part.step))])
    .filter(([, parts]) => parts.length)
    .map(([name, parts]) => ({ name, ...describe(name, parts) }));
  const readable = found.verdict === "signed" && found.facts.entry.version === 1;
  if (found.verdict === "refused") show("broken", "bad", "", rows);
  else show(readable ? "kept" : "at_risk", readable ? "good" : "unclear", tell(found.facts), rows);
};

const take = (picked) => { if (picked) { file = picked; check(); } };
one("file").addEventListener("change", (event) => take(event.target.files[0]));
paste.addEventListener("input", () => { file = null; });
one("form").addEventListener("submit", (event) => { event.preventDefault(); check(); });
const drop = one("drop");
drop.addEventListener("dragover", (event) => event.preventDefault());
drop.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files[0]); });
