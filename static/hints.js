// Looks, while somebody writes, for what could tell who it was. Nothing is sent: names are left to the next page.
"use strict";

(() => {
  const form = document.querySelector("form.sheet");
  const kinds = JSON.parse(form.dataset.kinds);
  const patterns = Object.entries(JSON.parse(form.dataset.patterns)).flatMap(([kind, sources]) =>
    sources.map((source) => [kind, new RegExp(source, "gi")]),
  );
  const PAUSE = 600; // milliseconds: whoever is writing is not talked into it

  // As surveys/forms/hints.py: what begins first is told, of those the longer; what is said twice is told once.
  const hintsIn = (text) => {
    const line = text.replace(/\n/g, " ");
    const found = patterns
      .flatMap(([kind, pattern]) => [...line.matchAll(pattern)].map((match) => ({ kind, start: match.index, words: match[0] })))
      .sort((one, other) => one.start - other.start || other.words.length - one.words.length);
    const told = new Map();
    let end = 0;
    for (const { kind, start, words } of found) {
      if (start < end) continue;
      end = start + words.length;
      const bare = words.replace(/^[ .]+|[ .]+$/g, "");
      if (!told.has(kind + bare.toLowerCase())) told.set(kind + bare.toLowerCase(), { kind, words: bare });
    }
    return [...told.values()];
  };

  const entryOf = ({ kind, words }) => {
    const entry = document.createElement("li");
    const quoted = document.createElement("q");
    const said = document.createElement("span");
    entry.dataset.kind = kind;
    quoted.textContent = words;
    said.className = "quiet";
    said.textContent = `– ${kinds[kind]}`;
    entry.append(quoted, " ", said);
    return entry;
  };

  const show = (field, list, box) => {
    const named = [...list.children].filter(
      (entry) => !(entry.dataset.kind in JSON.parse(form.dataset.patterns)) && field.value.includes(entry.querySelector("q").textContent),
    );
    list.replaceChildren(...named, ...hintsIn(field.value).map(entryOf));
    box.hidden = !list.children.length;
  };

  for (const field of form.querySelectorAll("textarea")) {
    const box = document.getElementById(`${field.id}-could-tell`);
    let pause;
    field.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(() => show(field, box.querySelector("ul"), box), PAUSE);
    });
  }
})();
