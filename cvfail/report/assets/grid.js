// A table of cells that arrow keys walk through, one of them a tab stop at a time.

/** Makes the cells of a table body a grid: keys and pointer call `onSay(cell)`, and `onLeave(cell)` as they go on; Enter,
 * Space and click `onOpen(cell)`. */
function walkableGrid(table, { onSay, onOpen, onLeave = () => {} }) {
  const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("[role=gridcell]")]);
  const cells = rows.flat();
  if (cells.length === 0) return;
  cells.forEach((cell) => (cell.tabIndex = -1));
  let current = cells[0];
  current.tabIndex = 0;

  function go(cell) {
    current.tabIndex = -1;
    current = cell;
    current.tabIndex = 0;
    current.focus();
  }

  const onCell = (handle) => (event) => {
    const cell = event.target.closest("[role=gridcell]");
    if (cell !== null) handle(cell, event);
  };
  table.addEventListener("click", onCell((cell) => (go(cell), onOpen(cell))));
  table.addEventListener("pointerover", onCell(onSay));
  table.addEventListener("focusin", onCell(onSay));
  table.addEventListener("pointerout", onCell(onLeave));
  table.addEventListener("focusout", onCell(onLeave));
  table.addEventListener(
    "keydown",
    onCell((cell, event) => {
      const row = rows.findIndex((own) => own.includes(cell));
      const column = rows[row].indexOf(cell);
      const [bottom, right] = [rows.length - 1, rows[row].length - 1];
      const target = {
        ArrowUp: [Math.max(0, row - 1), column],
        ArrowDown: [Math.min(bottom, row + 1), column],
        ArrowLeft: [row, Math.max(0, column - 1)],
        ArrowRight: [row, Math.min(right, column + 1)],
        Home: [event.ctrlKey ? 0 : row, 0],
        End: [event.ctrlKey ? bottom : row, right],
      }[event.key];
      if (target !== undefined) go(rows[target[0]][target[1]]);
      else if (event.key === "Enter" || event.key === " ") onOpen(cell);
      else return;
      event.preventDefault();
    }),
  );
}
