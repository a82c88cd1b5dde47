/* Helps to write a lesson. The page is complete without it: its buttons save, check, preview, and send files.

   What is typed goes first into a journal on this device (localStorage, for each person, lesson and language), then to the server
   (POST of data-autosave: the form's fields; the answer: {state: saved, seen, at} | conflict | refused). `seen` names the revision that the
   text was made from, so that nothing is ever written over what somebody else saved. The journal goes when the server has the text, and
   only then: an answer of any other kind (a session that ended, a server that is away) leaves it where it is. */

const JOURNAL = 'aulario.lesson.';
const TYPED = ['title', 'summary', 'body'];
const KEEP_AFTER = 300;
const SAVE_AFTER = 2500;
const SAVE_EVERY = 10000;
const LOOK_AFTER = 1200;
const STRUCTURED = /<(h[1-6]|ul|ol|li|table|strong|em|b|i|a|p|sub|sup|math)[\s>]|msEquation/i;

const form = document.getElementById('lesson');
const area = form.elements.body;
const states = ['save-state', 'save-state-below'].map((id) => document.getElementById(id)); // at the head, and under what is written
const look = document.getElementById('look');
const name = JOURNAL + form.dataset.person + '.' + form.dataset.lesson;
const say = (key) => form.dataset['t' + key[0].toUpperCase() + key.slice(1)] || '';

/* ---- the journal ---- */

const typed = () => Object.fromEntries(TYPED.map((field) => [field, form.elements[field].value]));
const plain = (text) => (text || '').normalize().trimEnd(); // the server tidies a text no further than that
const same = (one, other) => TYPED.every((field) => plain(one[field]) === plain(other[field]));
const own = new Set([form.elements.seen.value]); // revisions that this page was made from or has saved: nobody else's text is in between
let saved = form.dataset.unsaved ? {} : typed();
let stopped = form.dataset.unsaved === 'conflict' ? 'conflict' : '';

function kept() {
  try { return JSON.parse(localStorage.getItem(name)); } catch (error) { return null; }
}

function journal() {
  const follows = form.elements.follows ? form.elements.follows.value : '';
  return Object.assign(typed(), { seen: form.elements.seen.value, follows, at: new Date().toISOString() });
}

function keep() {
  if (held) {
    tell('unkept', 'bad');
    return false;
  }
  try {
    localStorage.setItem(name, JSON.stringify(journal()));
    return true;
  } catch (error) {
    tell('unkept', 'bad');
    return false;
  }
}

function forget() {
  try { localStorage.removeItem(name); } catch (error) { /* what cannot be kept need not be forgotten */ }
}

/* What earlier pages kept waits in a list of its own until somebody decides about each, the oldest first:
   the journal is free for this page, which goes on saving meanwhile. */
const EARLIER = name + '.earlier';
let held = null; // a text that found no room in the list: it stays in the journal, and this page keeps nothing until that is decided

function earlier() {
  try { return (JSON.parse(localStorage.getItem(EARLIER)) || []).concat(held || []); } catch (error) { return []; }
}

function setEarlier(texts) {
  if (texts.length) localStorage.setItem(EARLIER, JSON.stringify(texts));
  else localStorage.removeItem(EARLIER);
}

function offerKept() {
  const found = kept();
  if (found && !same(found, typed())) {
    const texts = earlier().concat(found);
    forget(); // which makes the room for it
    try { setEarlier(texts); } catch (error) {
      localStorage.setItem(name, JSON.stringify(found));
      held = found;
    }
  } else if (found && !form.dataset.unsaved) forget();
  offerEarlier();
}

function offerEarlier() {
  const box = document.getElementById('kept');
  const [found] = earlier();
  box.hidden = !found;
  if (!found) return;
  const words = document.getElementById('kept-when');
  words.textContent = words.dataset.words.replace('{when}', new Date(found.at).toLocaleString(document.documentElement.lang));
}

/* Take: the text comes into the page, and what stood there unsaved goes to the end of the list. */
function decide(take) {
  const [found, ...rest] = earlier();
  if (!found) return;
  if (held) forget();
  held = null;
  if (take) {
    if (!same(typed(), saved)) rest.push(journal());
    for (const field of TYPED) form.elements[field].value = found[field];
    if (!own.has(found.seen)) form.elements.seen.value = found.seen;
    if (form.elements.follows && found.follows) form.elements.follows.value = found.follows;
  }
  try { setEarlier(rest); } catch (error) { tell('unkept', 'bad'); }
  offerEarlier();
  if (take) changed();
  area.focus();
}

/* ---- saving by itself ---- */

let told = '';
let telling = ['', '', ' '];

function tell(key, kind, words) {
  const text = words || say(key);
  if (told === text) return;
  told = text;
  telling = [key, kind, text];
  for (const state of states) {
    state.textContent = text;
    state.className = 'state ' + (kind || '');
  }
}

function send(address, more) {
  const fields = new URLSearchParams(Object.assign(typed(), { seen: form.elements.seen.value }, more));
  if (form.elements.up_to_date && form.elements.up_to_date.checked) fields.set('up_to_date', 'y');
  if (form.elements.follows) fields.set('follows', form.elements.follows.value);
  return post(address, fields);
}

/* The form's token ends with its session: after signing in again in another window this page takes a new one; not one of somebody else. */
async function post(address, fields) {
  const once = () => {
    fields.set('csrf_token', form.elements.csrf_token.value);
    return fetch(address, { method: 'POST', body: fields, headers: { Accept: 'application/json' } });
  };
  const response = await once();
  return response.status === 400 && (await freshToken()) ? once() : response;
}

async function freshToken() {
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } });
  const found = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('#lesson');
  if (!found || found.dataset.person !== form.dataset.person) return false;
  form.elements.csrf_token.value = found.elements.csrf_token.value;
  return true;
}

async function answer(response) {
  try { return await response.json(); } catch (error) { return null; }
}

const isAway = (response) => response.status === 429 || response.status >= 500;

/* Why something did not come through: what the lesson's own pages say of it (`message`), or any page of the site (`detail`). */
function why(response, found) {
  if (isAway(response)) return say('offline');
  if (!found || response.status === 400 || response.status === 401) return say('signin');
  return found.message || found.detail;
}

let saving = null;
let last = 0;
let timers = {};

function later(what, milliseconds, act) {
  clearTimeout(timers[what]);
  timers[what] = setTimeout(act, milliseconds);
}

function changed() {
  if (stopped === 'leaving') stopped = ''; // whoever types on has stayed
  tell('unsaved');
  later('keep', KEEP_AFTER, keep);
  later('save', Math.max(SAVE_AFTER, last + SAVE_EVERY - Date.now()), save);
  later('look', LOOK_AFTER, redraw);
}

async function save() {
  if (stopped || saving || same(typed(), saved)) return;
  const sent = typed();
  const away = keep() ? 'offline' : 'unkept';
  tell('saving');
  saving = send(form.dataset.autosave);
  last = Date.now();
  try {
    const response = await saving;
    const found = await answer(response);
    if (found && found.state === 'saved') {
      form.elements.seen.value = found.seen;
      own.add(String(found.seen));
      saved = sent;
      tell('saved', 'ok', say('saved').replace('{time}', found.at));
      if (same(typed(), sent)) forget();
      else keep();
    } else if (found && found.state === 'conflict') {
      stopped = 'conflict';
      tell('conflict', 'bad');
    } else if (isAway(response)) tell(away, 'bad');
    else tell('refused', 'bad', why(response, found));
  } catch (error) {
    tell(away, 'bad');
  }
  saving = null;
  if (!stopped && !same(typed(), saved)) later('save', SAVE_EVERY, save);
}

/* ---- as a learner will see it ---- */

let drawing = 0;

async function redraw() {
  const mine = ++drawing;
  try {
    const response = await send(form.dataset.preview);
    const html = response.ok ? await response.text() : '';
    if (!html || mine !== drawing) return;
    const drawn = new DOMParser().parseFromString(html, 'text/html').body;
    takeSymbols(drawn);
    look.replaceChildren(...drawn.childNodes);
  } catch (error) { /* the text is what matters; the next look may come through */ }
}

/* The piece brings the symbols that it refers to: those that the page lacks are put to its own. */
function takeSymbols(drawn) {
  const brought = drawn.querySelector('.defs');
  for (const symbol of brought.querySelectorAll('symbol')) {
    if (!document.getElementById(symbol.id)) document.querySelector('.defs').append(symbol);
  }
  brought.remove();
}

/* ---- writing into the text ---- */

function write(text, from, to) {
  area.focus();
  if (from !== undefined) area.setSelectionRange(from, to);
  if (!document.execCommand || !document.execCommand('insertText', false, text)) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end');
    changed();
  }
}

function around(before, after, example) {
  const start = area.selectionStart;
  const chosen = area.value.slice(start, area.selectionEnd) || example;
  write(before + chosen + after);
  area.setSelectionRange(start + before.length, start + before.length + chosen.length);
}

/* A block of its own: empty lines before and after it, whatever stands there. */
function block(text) {
  const before = area.value.slice(0, area.selectionStart);
  const after = area.value.slice(area.selectionEnd);
  const lead = !before || before.endsWith('\n\n') ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  write(lead + text + (after.startsWith('\n\n') ? '' : after.startsWith('\n') || !after ? '\n' : '\n\n'));
}

function lines(mark) {
  const start = area.value.lastIndexOf('\n', area.selectionStart - 1) + 1;
  const found = area.value.indexOf('\n', area.selectionEnd);
  const end = found < 0 ? area.value.length : found;
  let number = 0;
  write(area.value.slice(start, end).split('\n').map((line) => mark.replace('1.', () => ++number + '.') + line).join('\n'), start, end);
}

function callout(kind, words) {
  block('> [!' + kind + '] ' + words + '\n> …\n');
}

/* What the course has of a kind, to choose from: its list opens below the tools, with a field that narrows it. */
function choose(tool) {
  const list = document.querySelector('[data-pieces="' + tool + '"]');
  if (!list || area.selectionStart < area.selectionEnd) return false;
  list.open = true;
  list.querySelector('[data-filter]').focus();
  return true;
}

function narrow(field) {
  const words = plainLetters(field.value);
  for (const row of field.closest('details').querySelectorAll('li')) row.hidden = !plainLetters(row.textContent).includes(words);
}

const plainLetters = (text) => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase().trim();

const TOOLS = {
  bold: (words) => around('**', '**', words),
  italic: (words) => around('*', '*', words),
  heading: () => lines('## '),
  subheading: () => lines('### '),
  list: () => lines('- '),
  numbers: () => lines('1. '),
  link: (words) => around('[', '](' + location.protocol + '//)', words),
  table: (words) => block('| ' + words + ' | … |\n| --- | --: |\n| … | 0 |\n\n: ' + words + '\n'),
  definition: (words) => callout('DEFINITION', words),
  example: (words) => callout('EXAMPLE', words),
  warning: (words) => callout('WARNING', words),
  summary: (words) => callout('SUMMARY', words),
  check: (words) => callout('CHECK', words),
  formula: () => around('$', '$', 'B = 1 - c'),
  term: (words) => choose('term') || around('[[', ']]', words),
  question: (words) => choose('question') || block('![' + words + '](question:…)\n'),
  recording: (words) => choose('recording') || block('![' + words + '](course:…#t=0:00)\n'),
  activity: (words) => choose('activity') || around('[', '](course:…)', words),
  image: () => document.getElementById('file').click(),
};

function goTo(number) {
  const before = area.value.split('\n').slice(0, number - 1).join('\n').length;
  const start = number > 1 ? before + 1 : 0;
  const end = area.value.indexOf('\n', start);
  area.focus();
  area.setSelectionRange(start, end < 0 ? area.value.length : end);
  area.scrollTop = Math.max(0, (number - 5) * (area.scrollHeight / area.value.split('\n').length));
}

/* ---- what is pasted and dropped ---- */

function showLeftOut(kinds) {
  const box = document.getElementById('left-out');
  box.querySelector('ul').replaceChildren(...kinds.map((words) => Object.assign(document.createElement('li'), { textContent: words })));
  box.hidden = !kinds.length;
}

async function paste(html, plain) {
  tell('pasting');
  const start = area.selectionStart;
  const end = area.selectionEnd;
  try {
    const response = await send(form.dataset.paste, { html });
    const found = await answer(response);
    if (found && found.markdown) {
      write(found.markdown, start, end);
      showLeftOut(found.left_out);
      if (found.left) {
        document.getElementById('upload').open = true;
        document.getElementById('upload-problem').textContent = found.left;
      }
      return;
    }
    tell('refused', 'bad', why(response, found));
  } catch (error) { tell('offline', 'bad'); }
  write(plain, start, end);
}

/* Spreadsheets put a picture of their cells beside the cells. */
function isText(html) {
  return STRUCTURED.test(html) && Boolean(new DOMParser().parseFromString(html, 'text/html').body.textContent.trim());
}

function take(files) {
  if (!files.length) return false;
  const field = document.getElementById('file');
  const one = new DataTransfer();
  one.items.add(files[0]);
  field.files = one.files;
  document.getElementById('upload').open = true;
  document.getElementById('upload-problem').textContent = files.length > 1 ? say('first') : '';
  document.getElementById('alternative').focus();
  return true;
}

async function upload() {
  const problem = document.getElementById('upload-problem');
  const fields = new FormData();
  for (const field of ['alternative', 'caption']) fields.set(field, form.elements[field].value);
  if (form.elements.file.files[0]) fields.set('file', form.elements.file.files[0]);
  const before = telling;
  tell('uploading');
  problem.textContent = '';
  try {
    const response = await post(form.dataset.files, fields);
    const found = await answer(response);
    if (found && found.markdown) {
      for (const field of ['file', 'alternative', 'caption']) form.elements[field].value = '';
      document.getElementById('upload').open = false;
      if (found.picture) block(found.markdown);
      else write(found.markdown);
      return;
    }
    problem.textContent = isAway(response) ? say('unsent') : why(response, found);
  } catch (error) { problem.textContent = say('unsent'); }
  if (telling[0] === 'uploading') tell(...before); // the text is as it was before
}

/* ---- together ---- */

form.addEventListener('input', (event) => { if (TYPED.includes(event.target.name)) changed(); });
form.addEventListener('submit', (event) => {
  if (event.submitter && event.submitter.value === 'upload') {
    event.preventDefault();
    upload();
  } else {
    keep();
    clearTimeout(timers.save);
    stopped = 'leaving';
  }
});
area.addEventListener('paste', (event) => {
  const html = event.clipboardData.getData('text/html');
  if (isText(html)) {
    event.preventDefault();
    paste(html, event.clipboardData.getData('text/plain'));
  } else if (take([...event.clipboardData.files])) event.preventDefault();
});
area.addEventListener('dragover', (event) => { if (event.dataTransfer.types.includes('Files')) event.preventDefault(); });
area.addEventListener('drop', (event) => { if (take([...event.dataTransfer.files])) event.preventDefault(); });
document.addEventListener('click', (event) => {
  const tool = event.target.closest('[data-tool]');
  const piece = event.target.closest('[data-insert]');
  const line = event.target.closest('[data-line]');
  if (tool) TOOLS[tool.dataset.tool](tool.dataset.words);
  if (piece) {
    piece.closest('details').open = false;
    if (piece.dataset.insert.startsWith('!')) block(piece.dataset.insert + '\n');
    else write(piece.dataset.insert);
  }
  if (line) {
    event.preventDefault();
    goTo(Number(line.dataset.line));
  }
});
area.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const tool = { b: 'bold', i: 'italic', k: 'link' } [event.key.toLowerCase()];
  const button = tool && document.querySelector('[data-tool="' + tool + '"]');
  if (button) {
    event.preventDefault();
    button.click();
  }
});
for (const field of document.querySelectorAll('[data-filter]')) {
  field.closest('.field').hidden = false;
  field.addEventListener('input', () => narrow(field));
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault(); // it is no field of the form: the first that is left is inserted
    const row = field.closest('details').querySelector('li:not([hidden])');
    if (row) row.querySelector('button').click();
  });
}
document.getElementById('take-kept').addEventListener('click', () => decide(true));
document.getElementById('drop-kept').addEventListener('click', () => decide(false));
addEventListener('online', save);
addEventListener('pageshow', (event) => {
  if (!event.persisted || stopped !== 'leaving') return;
  stopped = ''; // by «Back» the page stands as it was left: what its button sent is asked for before anything is typed on
  save();
});
addEventListener('beforeunload', (event) => { if (stopped !== 'leaving' && !same(typed(), saved) && !keep()) event.preventDefault(); });
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden' && !same(typed(), saved)) {
    keep();
    save();
  }
});
document.getElementById('tools').hidden = false;
for (const button of document.querySelectorAll('[data-insert][hidden]')) {
  button.hidden = false;
  button.previousElementSibling.hidden = true; // what is typed by hand where there is no script
}
offerKept();
if (!look.querySelector('.prose')) redraw();
