// Enter in an answer would press the first button and turn the page: only buttons do that here.
"use strict";

document.querySelector("form.sheet").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.type === "radio") event.preventDefault();
});
