// Does this receipt prove that the act stands in the log, with nothing but the log's key? Stands alone: no imports, no network, no page.
// The same steps, in the same order, with the same verdicts as `kept verify RECEIPT --key KEY` (kept.ledger.proof; a test runs both).
// Source: C2SP tlog-proof, signed-note, tlog-checkpoint; RFC 9162, 2.1.3.2; docs/formats/ledger.md.
const HEADER = "c2sp.org/tlog-proof@v1";
const MOST = { receipt: 262144, extra: 65536, note: 131072, signatures: 64, hashes: 63, size: (1n << 63n) - 1n, detail: 16384, depth: 32 };
const ENTRY = /^\{"at":"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))T(?:[01]\d|2[0-3])Z","c":"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])","kind":"([a-z0-9._-]{1,48})","purpose":"([a-z0-9._-]{1,32})","role":"([a-z0-9._-]{1,24})","tag":"[A-Za-z0-9_-]{21}[AQgw]","v":1\} *$/;
const BAD_NAME = /[\u0000-\u0020+\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const DASH = "— ";

class Failed extends Error { constructor(step, why) { super(why); this.step = step; } }
class Malformed extends Error {}
const must = (holds, why) => { if (!holds) throw new Malformed(why); };

export const hex = (raw) => [...raw].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const utf8 = (text) => new TextEncoder().encode(text);
const text = (raw) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
const join = (...parts) => {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};
// One spelling only: what decodes must encode to the same text again.
const base64 = (words, size) => {
  must(/^[A-Za-z0-9+/]*={0,2}$/.test(words) && words.length % 4 === 0, "not base64");
  const binary = atob(words);
  must(btoa(binary) === words, "not the canonical base64 spelling");
  const raw = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  must(size === undefined || raw.length === size, `must be ${size} bytes`);
  return raw;
};
const decimal = (words) => {
  must(/^(?:0|[1-9][0-9]{0,18})$/.test(words), "not a plain decimal number");
  const number = BigInt(words);
  must(number <= MOST.size, "too large a number");
  return number;
};
const checkName = (name) => must(name && !BAD_NAME.test(name) && name.isWellFormed?.() !== false, "a key's name is empty, or holds a space or a plus");

// RFC 8785 under our limits: ASCII keys, whole numbers, no lone surrogates.
const canonical = (value, depth = MOST.depth) => {
  if (value === null || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "string") { must(!/\\ud[89a-f]/.test(JSON.stringify(value).replaceAll("\\\\", "")), "a lone surrogate"); return JSON.stringify(value); }
  if (typeof value === "number") { must(Number.isSafeInteger(value), "not a whole number"); return JSON.stringify(value); }
  must(depth > 0, "nested too deep");
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, depth - 1)).join(",")}]`;
  const keys = Object.keys(value).sort();
  must(keys.every((key) => /^[\u0000-\u007f]*$/.test(key)), "a key is not ASCII text");
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key], depth - 1)}`).join(",")}}`;
};
const canonicalObject = (raw, most) => {
  must(raw.length <= most, "too long");
  let value, words;
  try { words = text(raw); value = JSON.parse(words); } catch { throw new Malformed("not JSON"); }
  must(canonical(value) === words, "not in canonical form");
  must(value !== null && typeof value === "object" && !Array.isArray(value), "not an object");
  return value;
};

export const parseKey = async (line) => {
  const [name, id, ...rest] = line.split("+");
  must(/^[0-9a-f]{8}$/.test(id ?? "") && rest.length, "not name+id+key");
  const raw = base64(rest.join("+"));
  checkName(name);
  must(raw.length === 33 && raw[0] === 1, "not the key of a log");
  must(hex((await sha256(utf8(`${name}\n`), raw)).slice(0, 4)) === id, "the id belongs to another key");
  return { name, id, public: raw.slice(1) };
};

const parseNote = (raw) => {
  must(raw.length <= MOST.note, "the note is too long");
  let whole;
  try { whole = text(raw); } catch { throw new Malformed("the note is not UTF-8"); }
  must(!/[\u0000-\u0009\u000b-\u001f]/.test(whole), "the note holds a control character");
  const cut = whole.lastIndexOf("\n\n");
  must(cut >= 0 && whole.endsWith("\n") && whole.length > cut + 2, "not a text, an empty line and signature lines");
  const lines = whole.slice(cut + 2, -1).split("\n");
  must(lines.length <= MOST.signatures, "too many signatures");
  const signatures = lines.map((line) => {
    const gap = line.lastIndexOf(" ");
    must(line.startsWith(DASH) && gap >= DASH.length, "not a signature line");
    const name = line.slice(DASH.length, gap), blob = base64(line.slice(gap + 1));
    checkName(name);
    must(blob.length > 4, "a signature is too short");
    return { name, id: hex(blob.slice(0, 4)), value: blob.slice(4) };
  });
  return { text: whole.slice(0, cut + 1), signatures };
};

const parseCheckpoint = (words) => {
  const lines = words.split("\n");
  must(lines.length === 4 && lines[3] === "", "not origin, size and root");
  const root = base64(lines[2], 32), size = decimal(lines[1]);
  checkName(lines[0]);
  must(utf8(lines[0]).length <= 255, "the origin is too long");
  return { origin: lines[0], size, root };
};

const parseReceipt = (raw) => {
  must(raw.length <= MOST.receipt, "too long for a receipt");
  const cut = raw.findIndex((byte, i) => byte === 10 && raw[i + 1] === 10);
  must(cut >= 0 && raw.subarray(0, cut).every((byte) => byte < 128), "no empty line before the checkpoint");
  const lines = text(raw.subarray(0, cut)).split("\n");
  must(lines.shift() === HEADER, "not a tlog-proof of version 1");
  const extra = lines[0]?.startsWith("extra ") ? base64(lines.shift().slice(6)) : null;
  must(lines[0]?.startsWith("index "), "no index line");
  const index = decimal(lines.shift().slice(6));
  must(lines.length <= MOST.hashes, "too many hashes");
  const hashes = lines.map((line) => base64(line, 32));
  const note = parseNote(raw.subarray(cut + 2));
  must(extra, "there is no entry in it");
  return { index, hashes, note, ...parseExtra(extra), checkpoint: parseCheckpoint(note.text) };
};

const parseExtra = (raw) => {
  const { v, entry, salt, detail } = canonicalObject(raw, MOST.extra);
  must(v === 1 && typeof entry === "string", "no entry of version 1");
  must((salt === undefined) === (detail === undefined), "half an opening");
  const bytes = base64(entry, 256);
  if (salt === undefined) return { entry: bytes, opening: null };
  must(typeof salt === "string" && typeof detail === "string", "half an opening");
  const opening = { salt: base64(salt, 32), detail: base64(detail) };
  must(opening.detail.length <= MOST.detail, "the words are too long");
  return { entry: bytes, opening };
};

const parseEntry = (raw) => {
  const words = [...raw].map((byte) => String.fromCharCode(byte)).join("");
  const found = words.match(ENTRY);
  if (found) {
    const [, day, c, kind, purpose, role] = found;
    const at = new Date(`${day}T00:00:00Z`);
    must(!day.startsWith("0000") && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day), "not a day that exists");
    return { day, c, kind, purpose, role, version: 1 };
  }
  let end = raw.length;
  while (end && raw[end - 1] === 32) end -= 1;
  const { v } = canonicalObject(raw.subarray(0, end), 256);
  must(Number.isSafeInteger(v) && v > 1, "not an entry");
  return { version: v };
};

const fromUrlSafe = (words) => Uint8Array.from(atob(words.replaceAll("-", "+").replaceAll("_", "/") + "="), (char) => char.charCodeAt(0));

const included = async (leaf, hashes, index, size, root) => {
  if (index >= size) return false;
  const node = (left, right) => sha256(Uint8Array.of(1), left, right);
  let at = index, last = size - 1n, r = leaf;
  for (const hash of hashes) {
    if (last === 0n) return false;
    if ((at & 1n) || at === last) {
      r = await node(hash, r);
      while (at && !(at & 1n)) { at >>= 1n; last >>= 1n; }
    } else r = await node(r, hash);
    at >>= 1n; last >>= 1n;
  }
  return last === 0n && same(r, root);
};

const isSigned = async (note, key) => {
  const known = await crypto.subtle.importKey("raw", key.public, { name: "Ed25519" }, false, ["verify"]);
  const lines = note.signatures.filter((line) => line.name === key.name && line.id === key.id);
  for (const line of lines) {
    const holds = line.value.length === 64 && await crypto.subtle.verify("Ed25519", known, line.value, utf8(note.text));
    if (!holds) throw new Failed("log", "a signature of a known key does not hold");
  }
  if (!lines.length) throw new Failed("log", "no signature of a known key");
};

const step = async (name, work) => {
  try { return await work(); } catch (error) {
    if (error instanceof Malformed) throw new Failed(name, error.message);
    throw error;
  }
};

// raw: Uint8Array; line: the verifier key line. Gives { verdict: "signed" | "refused", step, why, steps: [{ step, state, what }], facts }.
export const verifyReceipt = async (raw, line) => {
  const key = await parseKey(line), steps = [], facts = {};
  const held = (name, what, state = "held") => steps.push({ step: name, state, what });
  try {
    const found = await step("format", () => parseReceipt(raw));
    held("format", `${HEADER}\nindex ${found.index}\n${found.hashes.length} hashes`);
    const entry = await step("leaf", () => parseEntry(found.entry));
    const leaf = await sha256(Uint8Array.of(0), found.entry);
    Object.assign(facts, { entry, checkpoint: found.checkpoint, index: found.index });
    held("leaf", `SHA-256(00 ‖ entry)\n= ${hex(leaf)}\n\n${text(found.entry).trimEnd()}`);
    if (found.checkpoint.origin !== key.name) throw new Failed("log", "it comes from another ledger than the one trusted here");
    await isSigned(found.note, key);
    held("log", `Ed25519, key ${key.id}\n${hex(key.public)}\n\n${found.note.text}`);
    held("cosignatures", "", "absent");
    held("quorum", "none", "absent");
    const { index, hashes, checkpoint } = found;
    if (!await included(leaf, hashes, index, checkpoint.size, checkpoint.root)) throw new Failed("inclusion", "the hashes do not lead to the signed root");
    held("inclusion", `${index} of ${checkpoint.size}\n${hashes.map(hex).join("\n")}\n= ${hex(checkpoint.root)}`);
    facts.detail = await step("opening", () => opened(found.opening, entry));
    held("opening", found.opening && facts.detail ? `SHA-256("kept/commit/v1" ‖ 00 ‖ salt ‖ words)\n= ${entry.c}\n\n${text(found.opening.detail)}` : "", facts.detail ? "held" : "absent");
    return { verdict: "signed", steps, facts };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    held(error.step, error.message, "failed");
    return { verdict: "refused", step: error.step, why: error.message, steps, facts };
  }
};

const opened = async (opening, entry) => {
  if (!opening || entry.version !== 1) return null;
  const c = await sha256(utf8("kept/commit/v1\0"), opening.salt, opening.detail);
  must(same(c, fromUrlSafe(entry.c)), "the words are not those that the entry commits to");
  return canonicalObject(opening.detail, MOST.detail);
};
