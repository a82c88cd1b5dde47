/* Dragging, beside the lists of choices that always work: elements to order by their handle, words into the gaps of a text.
   What is dragged only sets those lists and says so, as if somebody had chosen there. */

function chosen(control) {
  control.dispatchEvent(new Event('change', { bubbles: true }));
}

/* ---- ordering: the handle follows the pointer, by mouse, pen or finger ---- */

function numberAnew(list) {
  [...list.children].forEach((row, at) => {
    row.querySelector('select').value = String(at + 1);
  });
  chosen(list.querySelector('select'));
}

/* Rows stand as their positions say, where each has one of its own: dragging one numbers all by where they stand. */
function lineUp(list) {
  const rows = [...list.children];
  const place = (row) => Number(row.querySelector('select').value);
  const isWhole = rows.every(place) && new Set(rows.map(place)).size === rows.length;
  if (!isWhole || rows.every((row, at) => place(row) === at + 1)) return;
  for (const row of rows.sort((one, other) => place(one) - place(other))) list.append(row);
}

function moveTo(list, row, y) {
  const next = [...list.children].find((other) => {
    const box = other.getBoundingClientRect();
    return other !== row && y < box.top + box.height / 2;
  });
  if ((next || null) !== row.nextElementSibling) list.insertBefore(row, next || null);
}

function onGrip(event) {
  const grip = event.target.closest('.grip');
  if (!grip || event.button) return;
  event.preventDefault();
  const row = grip.closest('li');
  const list = row.parentElement;
  lineUp(list);
  const before = [...list.children];
  const move = (moved) => moveTo(list, row, moved.clientY);
  const drop = () => {
    document.removeEventListener('pointermove', move);
    document.removeEventListener('pointerup', drop);
    document.removeEventListener('pointercancel', drop);
    row.classList.remove('held');
    if (before.some((one, at) => one !== list.children[at])) numberAnew(list);
  };
  row.classList.add('held');
  document.addEventListener('pointermove', move); // a row that is moved in the page loses what it had captured
  document.addEventListener('pointerup', drop);
  document.addEventListener('pointercancel', drop);
}

for (const list of document.querySelectorAll('ol.order')) {
  for (const row of list.children) {
    const grip = row.querySelector('.grip');
    grip.hidden = false;
    row.classList.remove('plain');
  }
  lineUp(list);
  list.addEventListener('pointerdown', onGrip);
}

/* ---- words into gaps: the browser's own dragging, where there is a mouse ---- */

function offer(text) {
  const gaps = text.querySelectorAll('select');
  const words = document.createElement('p');
  words.className = 'row words';
  words.setAttribute('aria-hidden', 'true');
  for (const option of gaps[0].options) {
    if (!option.value) continue;
    const word = document.createElement('span');
    word.className = 'tag';
    word.draggable = true;
    word.textContent = option.text;
    word.addEventListener('dragstart', (event) => event.dataTransfer.setData('text/plain', option.value));
    words.append(word);
  }
  text.after(words);
  for (const gap of gaps) {
    gap.addEventListener('dragover', (event) => event.preventDefault());
    gap.addEventListener('drop', (event) => {
      event.preventDefault();
      gap.value = event.dataTransfer.getData('text/plain');
      chosen(gap);
    });
  }
}

for (const text of document.querySelectorAll('.cloze[data-drag]')) offer(text);
