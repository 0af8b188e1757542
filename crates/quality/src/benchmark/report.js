// Sorting by click and keyboard, and a name filter. The page is complete without this.
(() => {
  const table = document.getElementById("runs");
  if (!table) return;
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];
  const said = document.getElementById("said");

  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
  const compare = (column, numeric, direction) => (x, y) => {
    const a = key(x, column), b = key(y, column);
    // Empty cells stay at the end in both directions.
    if (a === "" || b === "") return (a === "") - (b === "");
    return direction * (numeric ? a - b : a.localeCompare(b, undefined, { numeric: true }));
  };

  const sort = (column) => {
    const header = headers[column];
    const ascending = header.getAttribute("aria-sort") !== "ascending";
    for (const other of headers) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const rows = [...body.rows].sort(compare(column, header.classList.contains("num"), ascending ? 1 : -1));
    body.append(...rows);
    said.textContent = `Sorted by ${header.textContent}, ${ascending ? "ascending" : "descending"}`;
  };

  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sort(column));
    header.replaceChildren(button);
    header.setAttribute("aria-sort", "none");
  });

  const filter = document.createElement("input");
  filter.type = "search";
  filter.placeholder = "Filter runs";
  filter.setAttribute("aria-label", "Filter runs by any text in their row");
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  document.querySelector(".tablehead").append(filter);
})();
