"use strict";
// A heading sorts its table: first upwards, then downwards; what has no number stays last.
for (const button of document.querySelectorAll("table.sortable th button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement, table = head.closest("table"), body = table.tBodies[0];
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const text = (row) => row.cells[head.cellIndex].textContent;
    const key = (row) => parseFloat(row.cells[head.cellIndex].dataset.key);
    const numbers = "key" in (body.rows[0]?.cells[head.cellIndex].dataset ?? {});
    const compare = (a, b) => {
      if (!numbers) return (up ? 1 : -1) * text(a).localeCompare(text(b), "en", { numeric: true });
      const [x, y] = [key(a), key(b)];
      if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
      return up ? x - y : y - x;
    };
    body.append(...[...body.rows].sort(compare));
  });
}
