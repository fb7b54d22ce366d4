// How does a passkey sign somebody in, or become known? Two steps with the server, begin and finish, both JSON. Making one sends a fresh code and its name along.
// <button data-passkey="login|register" data-next="/desk">; errors go, in words, into [data-passkey-error].
"use strict";
(() => {
  const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const token = document.querySelector("meta[name=csrf]")?.content || "";
  const post = async (url, body) => {
    const answer = await fetch(url, { method: "POST", credentials: "same-origin", headers: { "content-type": "application/json", "x-csrftoken": token }, body: JSON.stringify(body) });
    const data = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(data.detail || data.title || String(answer.status));
    return data;
  };
  const unpack = (options) => {
    const plain = options.publicKey || options;
    plain.challenge = decode(plain.challenge);
    if (plain.user) plain.user.id = decode(plain.user.id);
    for (const list of [plain.excludeCredentials, plain.allowCredentials]) for (const one of list || []) one.id = decode(one.id);
    return { publicKey: plain };
  };
  const pack = (credential) => {
    const response = { clientDataJSON: encode(credential.response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (credential.response[part]) response[part] = encode(credential.response[part]);
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return { id: credential.id, rawId: encode(credential.rawId), type: credential.type, clientExtensionResults: credential.getClientExtensionResults(), response };
  };
  const value = (name) => document.querySelector(`[name=${name}]`)?.value || "";
  const run = async (kind, button) => {
    const options = unpack(await post(`/desk/passkey/${kind}/begin`, {}));
    const credential = kind === "register" ? await navigator.credentials.create(options) : await navigator.credentials.get(options);
    const packed = pack(credential);
    const done = await post(`/desk/passkey/${kind}/finish`, kind === "register" ? { credential: packed, code: value("code"), label: value("label") } : packed);
    location.assign(done.next || button.dataset.next || "/desk");
  };
  for (const button of document.querySelectorAll("[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const box = document.querySelector("[data-passkey-error]");
      if (box) box.hidden = true;
      button.disabled = true;
      try { await run(button.dataset.passkey, button); } catch (error) {
        if (box) { box.hidden = false; box.querySelector("[data-why]").textContent = error.name === "NotAllowedError" ? box.dataset.stopped : error.message; }
      } finally { button.disabled = false; }
    });
  }
})();
