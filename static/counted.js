// Looks for a receipt among the lines of the page. The field has no name and no form: nothing is sent.
"use strict";

(() => {
  const field = document.getElementById("receipt");
  const found = document.getElementById("found");
  const way = document.getElementById("way");
  const lettersOf = (text) => text.toLowerCase().replace(/[^0-9a-f]/g, "");
  const lines = new Map(
    [...document.querySelectorAll(".receipts li")].map((line) => [lettersOf(line.textContent), line]),
  );
  const length = 40;
  let marked;

  const look = () => {
    const letters = lettersOf(field.value);
    marked?.removeAttribute("id");
    marked = lines.get(letters);
    marked?.setAttribute("id", "line");
    way.hidden = !marked;
    found.textContent = marked
      ? "It is in the list: your sheet was counted as you last sent it."
      : letters.length < length
        ? ""
        : "It is not in the list. Check that all ten groups are there, and that it is your newest receipt.";
  };

  field.addEventListener("input", look);
  document.getElementById("by-script").hidden = false;
  document.getElementById("by-hand").hidden = true;
  look();
})();
