// Did the log only grow since this browser saw it last? Remembers the last signed page and checks the next one against it.
// Source: RFC 9162, 2.1.4.2 (consistency); C2SP tlog-checkpoint and signed-note. Needs no trust in the server: it only brings hashes.
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const node = async (left, right) => {
  const data = new Uint8Array(65);
  data[0] = 1; data.set(left, 1); data.set(right, 33);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
};

export const parseKey = (line) => {
  const [name, id, ...rest] = line.trim().split("+");
  const key = bytes(rest.join("+"));
  if (!/^[0-9a-f]{8}$/.test(id) || key.length !== 33 || key[0] !== 1) throw new Error("unknown kind of key");
  return { name, id, key: key.slice(1) };
};

export const parseNote = (note) => {
  const cut = note.lastIndexOf("\n\n");
  if (cut < 0) throw new Error("not a signed note");
  const [origin, size, root] = note.slice(0, cut).split("\n");
  if (!/^(0|[1-9][0-9]*)$/.test(size)) throw new Error("not a checkpoint");
  const signatures = note.slice(cut + 2).split("\n").filter(Boolean).map((line) => line.match(/^— (\S+) (\S+)$/)).filter(Boolean).map(([, name, blob]) => ({ name, blob: bytes(blob) }));
  return { origin, size: BigInt(size), root: bytes(root), text: new TextEncoder().encode(note.slice(0, cut + 1)), signatures };
};

export const isSigned = async (note, vkey) => {
  const { name, id, key } = parseKey(vkey);
  const checkpoint = parseNote(note);
  const known = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  for (const { name: signer, blob } of checkpoint.signatures) {
    const hint = [...blob.slice(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (signer === name && hint === id && await crypto.subtle.verify("Ed25519", known, blob.slice(4), checkpoint.text)) return checkpoint.origin === name;
  }
  return false;
};

export const onlyGrew = async (oldSize, oldRoot, newSize, newRoot, proof) => {
  if (newSize < oldSize) return false;
  if (newSize === oldSize) return proof.length === 0 && same(oldRoot, newRoot);
  if (oldSize === 0n) return proof.length === 0;
  const path = (oldSize & (oldSize - 1n)) === 0n ? [oldRoot, ...proof] : [...proof];
  if (!path.length) return false;
  let f = oldSize - 1n, s = newSize - 1n;
  while (f & 1n) { f >>= 1n; s >>= 1n; }
  let before = path[0], after = path[0];
  for (const hash of path.slice(1)) {
    if (s === 0n || hash.length !== 32) return false;
    if ((f & 1n) || f === s) {
      before = await node(hash, before); after = await node(hash, after);
      while (!(f & 1n) && f !== 0n) { f >>= 1n; s >>= 1n; }
    } else after = await node(after, hash);
    f >>= 1n; s >>= 1n;
  }
  return s === 0n && same(before, oldRoot) && same(after, newRoot);
};

const get = async (url) => {
  const answer = await fetch(url, { credentials: "omit", cache: "no-store" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.text();
};

// kept: null or { vkey, note, seen }; gives { state: first|same|grown|another|broken, keep, evidence }
export const watch = async (ledger, kept, seen) => {
  const vkey = kept ? kept.vkey : (await get(`${ledger}/key`)).split("\n", 1)[0];  // the log that grows; closed ones follow
  const note = await get(`${ledger}/checkpoint`);
  const evidence = kept ? { vkey, before: kept.note, before_seen: kept.seen, now: note, now_seen: seen } : { vkey, now: note, now_seen: seen };
  if (!await isSigned(note, vkey)) {
    const [newest, ...closed] = (await get(`${ledger}/key`)).split("\n").filter(Boolean);
    const isAnother = kept && closed.includes(vkey) && parseKey(newest).name !== parseKey(vkey).name && await isSigned(note, newest);
    return isAnother ? { state: "another", keep: { vkey: newest, note, seen }, evidence } : { state: "broken", keep: kept, evidence };
  }
  const fresh = { vkey, note, seen };
  if (!kept) return { state: "first", keep: fresh, evidence };
  const old = parseNote(kept.note), now = parseNote(note);
  if (now.size < old.size) return { state: "broken", keep: kept, evidence };
  const proof = now.size > old.size && old.size > 0n ? (await get(`${ledger}/consistency/${old.size}/${now.size}`)).split("\n").filter(Boolean) : [];
  if (!await onlyGrew(old.size, old.root, now.size, now.root, proof.map(bytes))) return { state: "broken", keep: kept, evidence: { ...evidence, proof } };
  return { state: now.size > old.size ? "grown" : "same", keep: fresh, evidence };
};

const box = document.querySelector("[data-log-watch]");
if (box) {
  const show = (state) => { box.hidden = false; for (const part of box.querySelectorAll("[data-state]")) part.hidden = part.dataset.state !== state; };
  try {
    const store = box.dataset.store === "session" ? sessionStorage : localStorage;
    const result = await watch(box.dataset.logWatch, JSON.parse(store.getItem("kept-log") || "null"), new Date().toISOString());
    if (result.keep) store.setItem("kept-log", JSON.stringify(result.keep));
    show(result.state);
    const proof = box.querySelector(`[data-state="${result.state}"] [data-evidence]`);
    if (proof) proof.href = URL.createObjectURL(new Blob([JSON.stringify(result.evidence, null, 1)], { type: "application/json" }));
  } catch { show("unclear"); }
}
