// Turns the secret in the address into what opens the sheets. The secret itself never leaves this browser.
"use strict";

(() => {
  const begin = document.getElementById("begin");
  const button = begin.querySelector("button");
  const fields = begin.elements;
  const byHand = document.getElementById("by-hand");
  const code = document.getElementById("code");
  let secret = "";

  const bytesOf = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

  const textOf = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const derive = async (purpose) => {
    const key = await crypto.subtle.importKey("raw", bytesOf(secret), "HKDF", false, ["deriveBits"]);
    const info = new TextEncoder().encode(purpose);
    const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
    return textOf(new Uint8Array(await crypto.subtle.deriveBits(how, key, 256)));
  };

  // What the page shows follows from the address: with a secret one button, else a place to paste the code.
  const show = () => {
    secret = location.hash.slice(1);
    const isSecret = /^[A-Za-z0-9_-]{43}$/.test(secret);
    const canDerive = Boolean(window.crypto && window.crypto.subtle);
    begin.hidden = !(isSecret && canDerive);
    byHand.hidden = !begin.hidden;
    button.disabled = false;
    code.value = isSecret && !canDerive ? secret : "";
  };

  begin.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    fields.authenticator.value = await derive("candid360 authenticator");
    fields.sibling.value = await derive("candid360 sibling");
    history.replaceState(null, "", location.pathname);
    begin.submit();
    fields.authenticator.value = fields.sibling.value = secret = "";
  });

  window.addEventListener("hashchange", show);
  window.addEventListener("pageshow", show);
  show();
})();
