/** On a narrow screen a row of a wide table stands as a block: each cell below the other, with its column's name, so that nothing is beyond the edge (style.css). */
const MANY = 4;
/** With lists or hashes in them, or beyond the edge, even a few columns are too many. */
const FEW = 3;
const WIDE_CELLS = 'td > ul, td.hash';

/** Gives the cells of tables with many columns, or of wide ones, their column's name. */
export function begin(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>('main .wide table:not(.rows)')) name(table);
}

function name(table: HTMLTableElement): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const box = table.closest('.wide');
  const isWide = table.querySelector(WIDE_CELLS) !== null || (box !== null && box.scrollWidth > box.clientWidth);
  if (heads.length < (isWide ? FEW : MANY) || table.tHead?.rows.length !== 1 || table.querySelector('[rowspan], thead [colspan]')) return;
  table.classList.add('stacks');
  const names = heads.map((head) => head.textContent.trim());
  for (const row of table.querySelectorAll<HTMLTableRowElement>('tbody > tr')) {
    if (row.cells.length !== names.length) continue;
    for (const [i, cell] of [...row.cells].entries()) cell.dataset['column'] = names[i] ?? '';
  }
}
