"use strict";
// Sorts a table by the column whose heading is pressed, within each group of rows; again: the other way round.
for (const table of document.querySelectorAll("table.sort")) {
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  const compare = (a, b) => {
    // Numbers before texts such as a dash, which stay at the end either way.
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return 0;
  };
  heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
      rows.sort((one, two) => {
        const [a, b] = [value(one, column), value(two, column)];
        const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
        return compare(a, b) || (down ? -order : order);
      });
      body.append(...rows);
    }
  }));
}
// Long samples are opened for print.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
