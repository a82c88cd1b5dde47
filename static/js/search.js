/* Ctrl+K (⌘K) opens the search over any page, and so does its link; Escape closes it. Without this, or in a browser
   without dialogs, the link leads there. Escape closes the menus of the head too, without which their headings do. */

const link = document.querySelector('a[data-find]');
let dialog = null;

function made() {
  const { find, label, button, close, hint } = link.dataset;
  const box = document.createElement('dialog');
  const form = document.createElement('form');
  const row = document.createElement('div');
  const words = document.createElement('label');
  const field = document.createElement('input');
  const send = document.createElement('button');
  const end = document.createElement('button');
  const note = document.createElement('p');
  box.setAttribute('aria-label', find);
  box.className = 'finder';
  form.action = link.getAttribute('href');
  form.className = 'stack';
  form.setAttribute('role', 'search');
  row.className = 'field';
  words.htmlFor = field.id = 'find-words';
  words.textContent = label;
  field.type = 'search';
  field.name = 'q';
  field.maxLength = 200;
  note.className = 'small muted';
  note.textContent = hint;
  send.className = 'btn main';
  send.type = 'submit';
  send.textContent = button;
  end.className = 'btn quiet';
  end.type = 'button';
  end.textContent = close;
  end.addEventListener('click', () => box.close());
  box.addEventListener('keydown', (event) => {
    /* in a search field, browsers would only empty it */
    if (event.key !== 'Escape') return;
    event.preventDefault();
    box.close();
  });
  const buttons = document.createElement('p');
  buttons.className = 'row';
  buttons.append(send, end);
  row.append(words, field);
  form.append(row, note, buttons);
  box.append(form);
  document.body.append(box);
  return box;
}

function open() {
  const here = document.querySelector('main form[role="search"][action="' + link.getAttribute('href') + '"] input[type="search"]');
  if (here) {
    here.focus();
    here.select();
    return true;
  }
  if (typeof HTMLDialogElement !== 'function') return false;
  if (!dialog) dialog = made();
  if (!dialog.open) dialog.showModal();
  dialog.querySelector('input').focus();
  return true;
}

function isTyping(target) {
  /* for a moment the keys still go to the field of a search that was closed */
  return !target.closest('dialog:not([open])') && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

/* Escape closes an open menu of the head of the site, and leads back to what opened it. */
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.defaultPrevented) return;
  for (const menu of document.querySelectorAll('details.user[open]')) {
    if (menu.contains(event.target)) menu.querySelector('summary').focus();
    menu.open = false;
  }
});

if (link) {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    event.preventDefault();
    if (!open()) location.assign(link.href);
  });
  document.addEventListener('click', (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest('a[data-find]')) return;
    if (open()) event.preventDefault();
  });
}
