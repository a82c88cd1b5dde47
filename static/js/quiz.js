/* Saves answers while one works. The page is complete without it: every button of the form posts the same answers.

   What is typed goes first into a journal on this device (localStorage, for each person and attempt) and leaves it only when the
   server has acknowledged it. POST of data-save: csrf_token, lease, events = [{item, seq, response, client_time}], seq counting
   from 1 under the page's lease; the answer: {acknowledged: {item: seq}, seconds_left, state, newer: {item: response}, at, lease}; `at`
   is when, in the reader's own zone by the server's clock; the lease is a new one where a newer answer was shown, so that what is
   changed after seeing it counts. Where the quiz takes late answers with a proof, page and answer carry a token, and each event the
   last one that the device held when it was written. */

const KEEP_DAYS = 7;
const DEBOUNCE = 700;
const AWAKE = 600000;
const PATIENCE = 15000;
const PREFIX = 'aulario.journal.';
const WORD = /\S*[0-9A-Za-z\u00C0-\uFFFF]\S*/g;

const place = document.getElementById('attempt') || document.getElementById('submission') || document.getElementById('review');
const isAttempt = place && place.id === 'attempt';
let lease = place && Number(place.dataset.lease);
let token = (place && place.dataset.token) || '';
const name = place && PREFIX + place.dataset.person + '.' + place.dataset.attempt;
const say = (key, found, value) => (place.dataset['t' + key] || '').replace(found, value);

/* ---- the journal: every answer is an entry of its own, so that tabs of one browser never write over each other's ---- */

const journal = {};
let canKeep = true;

const keyOf = (event) => [name, event.lease, event.item, event.seq].join('.');

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return null;
  }
}

function keysOf(start) {
  return Object.keys(localStorage).filter((key) => key.startsWith(start));
}

/* A device that refuses keeps what it had: an event that is not kept is told as not saved. */
function keep(event) {
  try {
    localStorage.setItem(keyOf(event), JSON.stringify(Object.assign({}, event, { kept: true, refused: false })));
    event.kept = true;
  } catch (error) {
    event.kept = isKept(event);
  }
}

function isKept(event) {
  try {
    return JSON.stringify(parse(localStorage.getItem(keyOf(event))).response) === JSON.stringify(event.response);
  } catch (error) {
    return false;
  }
}

function forget(key) {
  try { localStorage.removeItem(key); } catch (error) { /* what cannot be kept need not be forgotten */ }
}

/* What other tabs and earlier pages have left is taken over: marked as sent, so that a tab that still lives does not write it over.
   Returns what was not known to this page. */
function takeOver() {
  const before = Object.values((parse(localStorage.getItem(name)) || {}).events || {});
  for (const event of [].concat(...before)) keep(event);
  forget(name);
  const known = [].concat(...Object.values(journal)).map(keyOf);
  const left = keysOf(name + '.').filter((key) => !known.includes(key)).map((key) => parse(localStorage.getItem(key)));
  const found = left.filter((event) => event && event.item && event.seq).sort((a, b) => a.lease - b.lease || a.seq - b.seq);
  for (const event of found) {
    event.sent = true;
    keep(event);
    (journal[event.item] = journal[event.item] || []).push(event);
  }
  return found;
}

/* The device's clock may be wrong: the days count from the first time that an entry is met by another attempt's page. */
function forgetOldJournals() {
  const oldest = new Date(Date.now() - KEEP_DAYS * 864e5).toISOString();
  for (const key of keysOf(PREFIX)) {
    if (key === name || key.startsWith(name + '.')) continue;
    const entry = parse(localStorage.getItem(key)) || {};
    if (!entry.met) localStorage.setItem(key, JSON.stringify(Object.assign(entry, { met: new Date().toISOString() })));
    else if (entry.met < oldest) forget(key);
  }
}

function openJournal() {
  try {
    localStorage.setItem(PREFIX + 'probe', '{}');
    forget(PREFIX + 'probe');
    takeOver();
    forgetOldJournals();
  } catch (error) {
    canKeep = false;
  }
}

/* Numbers survive a reload of the same page: none is used twice under one lease. */
let numbers = { lease, items: {} };

function nextNumber(item) {
  try {
    const known = parse(sessionStorage.getItem(name));
    if (known && known.lease === lease) numbers = known;
  } catch (error) { /* counted in memory */ }
  if (numbers.lease !== lease) numbers = { lease, items: {} };
  numbers.items[item] = (numbers.items[item] || 0) + 1;
  try {
    sessionStorage.setItem(name, JSON.stringify(numbers));
  } catch (error) { /* counted in memory */ }
  return numbers.items[item];
}

function isTaken(event) {
  if (event.sent || !event.kept) return event.sent;
  const entry = parse(localStorage.getItem(keyOf(event)));
  return !entry || entry.sent;
}

/* What was never sent is written over; what may have arrived stays, and a new event follows it. */
function note(item, response) {
  const events = (journal[item] = journal[item] || []);
  let event = events[events.length - 1];
  if (!event || event.lease !== lease || isTaken(event)) {
    event = { item: Number(item), seq: nextNumber(item), lease };
    events.push(event);
  }
  event.response = response;
  event.client_time = new Date().toISOString();
  if (token) event.token = token;
  keep(event);
}

function drop(item, gone) {
  const events = journal[item] || [];
  for (const event of events.filter(gone)) forget(keyOf(event));
  const left = events.filter((event) => !gone(event));
  if (left.length) journal[item] = left;
  else delete journal[item];
  return left.length;
}

function unsent() {
  return [].concat(...Object.values(journal)).filter((event) => !event.refused);
}

function asSent(events, withLease) {
  return JSON.stringify(events.map((event) => {
    const one = { item: event.item, seq: event.seq, response: event.response, client_time: event.client_time, token: event.token };
    return withLease ? Object.assign(one, { lease: event.lease }) : one;
  }));
}

/* ---- the questions of the page ---- */

function question(item) {
  return document.querySelector('[data-item="' + item + '"]');
}

function controls(box) {
  return [...box.querySelectorAll('[name]')].filter((one) => /^p\d+/.test(one.name) && !/-(seq|flag|upload)$/.test(one.name));
}

function part(control) {
  return control.name.replace(/^p\d+-?/, '') || 'answer';
}

const isTick = (control) => control.type === 'radio' || control.type === 'checkbox';

function response(box) {
  const parts = {};
  for (const one of controls(box)) {
    const values = (parts[part(one)] = parts[part(one)] || []);
    if (isTick(one) ? one.checked : one.value !== '') values.push(one.value);
  }
  return parts;
}

function fill(box, parts) {
  nameFiles(box, (parts || {}).files || []);
  for (const one of controls(box)) {
    const values = (parts || {})[part(one)] || [];
    if (one.type === 'hidden') continue;
    if (isTick(one)) one.checked = values.includes(one.value);
    else one.value = values[0] || '';
  }
  look(box);
}

function look(box) {
  const link = document.querySelector('.qnav [data-place="' + box.dataset.item + '"]');
  if (!link) return;
  const parts = response(box);
  const flag = box.querySelector('[name$="-flag"]');
  const answers = (key) => !/^(\d+-)?unit$/.test(key) && !/^(certainty|objection.*)$/.test(key) && parts[key].length > 0;
  link.classList.toggle('done', Object.keys(parts).some(answers));
  link.classList.toggle('flagged', Boolean(flag && flag.checked));
  const words = [say(link.classList.contains('done') ? 'Done' : 'Open'), flag && flag.checked ? say('Flagged') : ''];
  link.querySelector('.vh').textContent = ': ' + words.filter(Boolean).join(', ');
  const counted = document.querySelector('[data-answered]');
  counted.textContent = counted.textContent.replace(/\d+/, document.querySelectorAll('.qnav .done').length);
  for (const drawn of document.querySelectorAll('[data-drawn]')) drawn.hidden = true;
}

/* ---- what the learner sees; nothing is written twice, so that nothing is read out twice ---- */

let savedAt = '';

function put(where, kind, symbol, text) {
  if (!where || where.dataset.shown === kind + text) return;
  where.dataset.shown = kind + text;
  where.className = (where.hasAttribute('data-saved') ? 'saved state ' : 'state ') + kind;
  where.innerHTML = text && '<svg class="i" aria-hidden="true"><use href="#' + symbol + '"/></svg><span></span>';
  if (text) where.lastChild.textContent = text;
}

function show(item, saved) {
  const box = question(item);
  if (!box) return;
  const where = box.querySelector('[data-saved]');
  if (saved) put(where, 'ok', 'cloud-check', say('Saved', '{time}', savedAt));
  else if ((journal[item] || []).every((event) => event.kept)) put(where, 'now', 'pencil', say('DeviceShort'));
  else put(where, 'bad', 'cloud-off', say('Unsaved'));
}

function bar(kind, symbol, text) {
  put(document.getElementById('save-state'), kind, symbol, text);
}

function trouble(text) {
  const box = document.getElementById('trouble');
  if (!box || (box.hidden && !text)) return;
  box.setAttribute('role', 'alert');
  box.hidden = !text;
  box.lastElementChild.textContent = text;
}

/* ---- what the quiz records beside the answers, where the page says so: seconds a question, and absences; counted by
   this page alone ---- */

const noted = { times: {}, away: [], number: 0, item: '', since: 0, left: 0, said: -Infinity };
const records = isAttempt && { times: place.hasAttribute('data-times'), focus: place.hasAttribute('data-focus') };

function countTime(item) {
  const now = performance.now();
  if (noted.item && noted.since) noted.times[noted.item] = (noted.times[noted.item] || 0) + (now - noted.since) / 1000;
  noted.since = document.visibilityState === 'hidden' ? 0 : now;
  if (item) noted.item = item;
}

function onVisibility() {
  countTime();
  if (!records.focus || leaving) return;
  if (document.visibilityState === 'hidden') {
    noted.left = performance.now();
    return;
  }
  const seconds = noted.left ? Math.round((performance.now() - noted.left) / 1000) : 0;
  noted.left = 0;
  if (seconds < 1) return;
  noted.away = noted.away.concat({ number: ++noted.number, ended: performance.now(), seconds }).slice(-50);
  if (performance.now() - noted.said < 60000) return;
  noted.said = performance.now();
  document.getElementById('away').textContent = say('Left1', '{count}', seconds);
  save();
}

function notes() {
  countTime();
  const times = {};
  for (const [item, seconds] of Object.entries(records.times ? noted.times : {})) times[item] = Math.round(seconds);
  const away = noted.away.map((one) => [one.number, Math.round((performance.now() - one.ended) / 1000), one.seconds]);
  return JSON.stringify({ times, away });
}

function notesArrived(sent, renewed) {
  const last = sent ? Math.max(0, ...parse(sent).away.map((one) => one[0])) : 0;
  noted.away = noted.away.filter((one) => one.number > last);
  if (renewed) {
    const away = noted.away.map((one) => Object.assign(one, { number: one.number - last }));
    Object.assign(noted, { times: {}, away, number: noted.number - last });
  }
}

/* ---- sending ---- */

let closed = false;
let sending = null;
let delay = 500;
let timer = 0;

/* A token dies with its session: take a fresh one from the page; without one, somebody has to sign in. */
async function freshToken() {
  const answer = await fetch(place.dataset.page, { credentials: 'same-origin', headers: { Accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const field = page.querySelector('#attempt [name=csrf_token], #submission [name=csrf_token]');
  if (page.getElementById('review')) over();
  if (!field) return false;
  for (const one of document.querySelectorAll('[name=csrf_token]')) one.value = field.value;
  return true;
}

function post(events, under, beside) {
  const body = new URLSearchParams({ csrf_token: place.querySelector('[name=csrf_token]').value, lease: under, events: asSent(events) });
  if (beside) body.append('noted', beside);
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), PATIENCE);
  return fetch(place.dataset.save, {
    method: 'POST',
    body,
    credentials: 'same-origin',
    keepalive: document.visibilityState === 'hidden',
    headers: { Accept: 'application/json' },
    signal: stop.signal,
  }).finally(() => clearTimeout(late));
}

let atOnce = 100;

/* Returns true when all is acknowledged, false when it has to be tried again, null when trying is of no use. */
async function send() {
  const events = unsent();
  const leases = [...new Set(events.map((event) => event.lease))].sort((a, b) => a - b);
  for (const under of leases.length ? leases : [lease]) {
    const rest = events.filter((event) => event.lease === under);
    do {
      const done = await sendBatch(rest.splice(0, atOnce), under);
      if (done === false || closed) return done;
    } while (rest.length);
  }
  return events.some((event) => event.refused) ? null : !unsent().some((event) => event.sent);
}

async function sendBatch(batch, under) {
  for (const event of batch) {
    event.sent = true;
    keep(event);
  }
  const beside = records && (records.times || records.focus) && under === lease ? notes() : '';
  let answer = await post(batch, under, beside);
  const renewed = answer.status === 400 && (await freshToken());
  if (renewed) answer = await post(batch, under, beside);
  if (!answer.ok) return closed ? null : refused(answer, batch, renewed);
  const told = await answer.json();
  savedAt = told.at;
  noteChanges();
  for (const [item, seq] of Object.entries(told.acknowledged || {})) {
    if (!drop(item, (event) => event.lease === under && event.seq <= seq)) show(item, true);
  }
  for (const [item, newer] of Object.entries(told.newer || {})) adopt(item, newer, batch);
  if (beside) notesArrived(beside, told.lease);
  if (told.lease) lease = told.lease;
  if (told.token) token = told.token;
  for (const field of document.querySelectorAll('[name=lease]')) field.value = lease;
  synchronise(told.seconds_left);
  return told.state && told.state !== 'in_progress' && told.state !== 'overdue' ? over() : true;
}

/* What was typed here after the batch had left is kept and sent, under its older lease. */
function adopt(item, newer, batch) {
  if (drop(item, (event) => batch.includes(event))) return;
  const box = question(item);
  if (!box) return;
  takeIn(box, newer);
  put(box.querySelector('[data-saved]'), 'now', 'circle-alert', say('Newer'));
}

function over(why) {
  closed = true;
  trouble(why || say('Closed'));
  return null;
}

/* A conflict says by its code that the attempt takes nothing more, and in its own words why. Any other is tried again, as
   where the line broke. */
async function ending(answer) {
  if (answer.status !== 409) return null;
  const told = await answer.json().catch(() => ({}));
  return ['already_submitted', 'left_course', 'time_is_up'].includes(told.code) ? told.detail : null;
}

async function refused(answer, batch, renewed) {
  const ended = await ending(answer);
  if (ended !== null) return over(ended);
  if (answer.status === 401 || answer.status === 403 || (answer.status === 400 && !renewed)) {
    trouble(say('Signin'));
    delay = Math.max(delay, 10000);
    return false;
  }
  if (answer.status === 409 || answer.status === 429 || answer.status >= 500) {
    delay = Math.max(delay, Number(answer.headers.get('Retry-After')) * 1000 || 0);
    return false;
  }
  if (batch.length > 1) {
    atOnce = 1;
    return false;
  }
  for (const event of batch) {
    event.refused = true;
    show(event.item, false);
  }
  trouble(say('Refused'));
  return null;
}

async function save() {
  if (closed) return null;
  if (sending) return sending.then(() => (unsent().length ? save() : true));
  clearTimeout(timer);
  const slow = setTimeout(() => bar('', 'save', say('Saving')), 1500);
  sending = send().catch(() => false);
  const done = await sending;
  sending = null;
  clearTimeout(slow);
  if (done) {
    delay = 500;
    trouble(canKeep ? '' : say('Unkept'));
    if (!unsent().length) bar('ok', 'cloud-check', say('Saved', '{time}', savedAt));
    drawFiles().catch(() => {});
  } else {
    for (const event of unsent()) {
      if (!event.kept) keep(event);
      show(event.item, false);
    }
    const kept = unsent().every((event) => event.kept);
    bar(kept ? 'now' : 'bad', kept ? 'wifi-off' : 'cloud-off', say(kept ? (closed ? 'DeviceShort' : 'Device') : 'Unsaved'));
    if (done === false) {
      timer = setTimeout(save, delay * (0.75 + Math.random() / 2));
      delay = Math.min(delay * 2, 30000);
    }
  }
  return done;
}

/* ---- files: each goes up on its own as soon as it is chosen, and again where the line broke; then the answer names it ---- */

const files = [];
let uploading = null;
let again = 0;

function choose(box, field) {
  for (const file of field.files) files.push({ box, file });
  field.value = '';
  sendFiles();
}

/* Returns true when nothing waits any more. */
function sendFiles() {
  clearTimeout(again);
  uploading = uploading || sendNext().finally(() => { uploading = null; });
  return uploading;
}

async function sendNext() {
  while (files.length && !closed) {
    const { box, file } = files[0];
    const where = box.querySelector('[data-uploading]');
    put(where, '', 'arrow-up', say('Sending', '{name}', file.name));
    const told = await sendFile(box, file).catch(() => null);
    if (!told && !closed) {
      put(where, 'bad', 'cloud-off', say('Waits', '{name}', file.name));
      again = setTimeout(sendFiles, delay);
      delay = Math.min(delay * 2, 30000);
      return false;
    }
    files.shift();
    delay = 500;
    put(where, '', '', '');
    if (told) arrived(box, told);
  }
  return true;
}

async function sendFile(box, file) {
  const body = new FormData();
  body.append('csrf_token', place.querySelector('[name=csrf_token]').value);
  body.append('place', box.dataset.item);
  for (const one of box.querySelectorAll('[name$="-files"]')) body.append('named', one.value);
  body.append('upload', file);
  const headers = { Accept: 'application/json' };
  const post = () => fetch(place.dataset.upload, { method: 'POST', body, credentials: 'same-origin', headers });
  let answer = await post();
  if (answer.status === 400 && (await freshToken())) {
    body.set('csrf_token', place.querySelector('[name=csrf_token]').value);
    answer = await post();
  }
  if (answer.status === 413) return { problem: say('Large', '{name}', file.name) };
  if (answer.ok || answer.status === 422) return answer.json();
  const ended = await ending(answer);
  if (ended !== null) over(ended);
  else if (answer.status < 429 && answer.status !== 409) trouble(say('Signin'));
  return null;
}

/* Files that an answer names are of it from here on, also where this page has not shown them: they are drawn when the
   server has the answer. */
function nameFiles(box, names) {
  const list = box.querySelector('[data-sent]');
  if (!list) return;
  const shown = [...list.querySelectorAll('[name$="-files"]')];
  for (const one of shown)
    if (!names.includes(one.value)) one.closest('li').remove();
  for (const value of names.filter((name) => !shown.some((one) => one.value === name))) {
    const row = Object.assign(document.createElement('li'), { hidden: true });
    row.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'p' + box.dataset.item + '-files', value }));
    list.append(row);
  }
}

async function drawFiles() {
  const rows = [...document.querySelectorAll('[data-sent] > li[hidden]')];
  if (!rows.length) return;
  const answer = await fetch(location.href, { credentials: 'same-origin', headers: { Accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const row of rows) {
    const field = page.querySelector('[data-sent] [value="' + row.firstChild.value + '"]');
    if (field) row.replaceWith(document.importNode(field.closest('li'), true));
  }
}

function arrived(box, told) {
  const problem = box.querySelector('[data-problem]');
  problem.setAttribute('role', 'alert');
  problem.hidden = !told.problem;
  problem.lastElementChild.textContent = told.problem || '';
  if (!told.html) return;
  const list = box.querySelector('[data-sent]');
  list.insertAdjacentHTML('beforeend', told.html);
  if (told.full) {
    const room = box.querySelector('[data-full]');
    const held = room.parentElement.contains(document.activeElement);
    for (const one of room.parentElement.children) one.hidden = one !== room;
    if (held) list.lastElementChild.querySelector('a').focus(); // what had the focus is gone
  }
  look(box);
  noteChange(box);
  save();
}

/* ---- time: the server's; what is shown here is corrected with every answer ---- */

let endsAt = null;
let called = Infinity;

function synchronise(secondsLeft) {
  if (typeof secondsLeft === 'number') endsAt = performance.now() + secondsLeft * 1000;
}

function length(minutes) {
  if (minutes < 60) return say('Min', '{count}', minutes);
  return say('Hours', '{hours}', Math.floor(minutes / 60)).replace('{minutes}', String(minutes % 60).padStart(2, '0'));
}

async function tick() {
  if (endsAt === null || closed) return;
  const left = (endsAt - performance.now()) / 1000;
  const minutes = Math.max(0, Math.ceil(left / 60));
  const call = document.getElementById('timer-call');
  document.getElementById('time-left').textContent = say('Left', '{time}', length(minutes));
  document.getElementById('timer').className = 'timer' + (minutes <= 1 ? ' tag bad' : minutes <= 5 ? ' tag lamp' : '');
  if (minutes < called && left > 0) {
    if ([10, 5, 1].includes(minutes)) call.textContent = minutes === 1 ? say('CallOne') : say('Call', '{count}', minutes);
    called = minutes;
  }
  if (left > 0) return;
  endsAt = null;
  call.textContent = say('End');
  noteChanges();
  takeOverAgain();
  await Promise.race([save(), new Promise((resolve) => setTimeout(resolve, 5000))]);
  if (await reachable()) location.assign(place.dataset.page);
  else {
    trouble(say('Device'));
    setTimeout(() => { endsAt = performance.now(); }, 10000);
  }
}

/* ---- leaving the page ---- */

let leaving = false;
let pressed = null;

function hide(form, name, value) {
  form.append(Object.assign(document.createElement('input'), { type: 'hidden', className: 'once', name, value }));
}

/* A page that comes back by «Back» as it was left works on. */
function onReturn() {
  leaving = false;
  place.querySelectorAll('.once').forEach((field) => field.remove());
  if (unsent().length) save();
}

/* The form carries the journal's own numbers, so that what is still on its way can only be older. What the server has acknowledged, or the
   journal sends on under an older lease, says nothing more: under the page's lease of now it would beat what is newer elsewhere. */
function leave(form, button) {
  leaving = true;
  if (records && (records.times || records.focus)) hide(form, 'noted', notes());
  const events = form.elements.namedItem('events');
  if (events && unsent().length) {
    events.value = asSent(unsent(), true);
    events.disabled = false;
  }
  if (events) {
    try { localStorage.setItem(name + '.submitted', '{}'); } catch (error) { /* nothing is kept either */ }
  }
  for (const [item, kept] of Object.entries(isAttempt ? journal : {})) {
    const own = kept.filter((event) => event.lease === lease).pop();
    if (own) hide(form, 'p' + item + '-local', own.seq);
  }
  for (const item of Object.keys(source)) {
    const left = journal[item] || [];
    const isHeld = left.every((event) => !event.refused && (source[item] === 'journal' || (event.kept && event.lease !== lease)));
    if (isHeld) hide(form, 'p' + item + '-untouched', '1');
  }
  if (button && button.name) {
    hide(form, button.name, button.value);
  }
  form.submit();
}

async function reachable() {
  try {
    await fetch(place.dataset.page, { method: 'HEAD', credentials: 'same-origin', cache: 'no-store' });
    return true;
  } catch (error) {
    return false;
  }
}

/* The journal goes ahead of the form. Without a line the page stays where it is. */
async function onSubmit(event) {
  event.preventDefault();
  if (leaving) return;
  if (closed && isAttempt) {
    location.assign(place.dataset.page);
    return;
  }
  const button = event.submitter || pressed;
  noteChanges();
  if (files.length && !(await sendFiles())) return;
  const done = unsent().length ? await save() : true;
  if ((done === false || !navigator.onLine) && !(await reachable())) {
    trouble(say(isAttempt ? 'Device' : 'Away'));
    const box = document.getElementById('unsent');
    if (box) box.hidden = !unsent().length;
    return;
  }
  leave(place, button);
}

/* ---- beginning ---- */

const last = {};
const source = {}; // by question: 'person' where somebody has typed on this page, 'journal' where the script has filled it in
let waiting = 0;

/* What nobody typed on this page: it is in the journal or on the server already, and says nothing against what is newer elsewhere. */
function takeIn(box, parts) {
  fill(box, parts);
  last[box.dataset.item] = JSON.stringify(response(box));
  source[box.dataset.item] = 'journal';
}

/* A tab beside this one may have died since: asked when the page is looked at, when the line is back, and when time is up. */
function takeOverAgain() {
  if (!isAttempt || !canKeep || closed) return;
  for (const event of takeOver()) {
    const box = question(event.item);
    if (!box || box.disabled || (source[event.item] === 'person' && event.lease < lease)) continue;
    takeIn(box, event.response);
    show(event.item, false);
  }
}

function noteChanges() {
  if (!isAttempt || closed) return;
  document.querySelectorAll('[data-item]').forEach(noteChange);
}

function noteChange(box) {
  const said = JSON.stringify(response(box));
  if (closed || said === last[box.dataset.item] || box.disabled) return;
  last[box.dataset.item] = said;
  source[box.dataset.item] = 'person';
  note(box.dataset.item, JSON.parse(said));
  show(box.dataset.item, false);
}

function onChange(event) {
  const box = event.target.closest('[data-item]');
  if (!box) return;
  countTime(box.dataset.item);
  if (event.target.type === 'file') {
    if (event.type === 'change') choose(box, event.target);
    return;
  }
  const words = box.querySelector('[data-count]');
  if (words) words.textContent = words.dataset.count.replace('{count}', (box.querySelector('textarea').value.match(WORD) || []).length);
  look(box);
  noteChange(box);
  clearTimeout(waiting);
  waiting = setTimeout(() => { if (unsent().length) save(); }, event.type === 'change' ? 50 : DEBOUNCE);
}

function beginAttempt() {
  for (const box of document.querySelectorAll('[data-item]')) {
    const kept = (journal[box.dataset.item] || []).slice(-1)[0];
    if (kept && !box.disabled) takeIn(box, kept.response);
    else last[box.dataset.item] = JSON.stringify(response(box));
  }
  if (!canKeep) trouble(say('Unkept'));
  if (!document.getElementById('save-state').classList.contains('ok')) bar('', 'cloud-check', say('Auto'));
  place.addEventListener('input', onChange);
  place.addEventListener('change', onChange);
  place.addEventListener('focusin', (event) => { const box = event.target.closest('[data-item]'); if (box) countTime(box.dataset.item); });
  if (records.times || records.focus) {
    const first = document.querySelector('[data-item]');
    countTime(first && first.dataset.item);
    document.addEventListener('visibilitychange', onVisibility);
  }
  if (place.dataset.secondsLeft) {
    synchronise(Number(place.dataset.secondsLeft));
    setInterval(tick, 1000);
    tick();
  }
}

function begin() {
  if (isAttempt) beginAttempt();
  if (place.id !== 'review') setInterval(reachable, AWAKE); // whoever thinks for long stays signed in while the page is open
  place.addEventListener('submit', onSubmit);
  place.addEventListener('click', (event) => { pressed = event.target.closest('button') || pressed; });
  window.addEventListener('online', () => {
    delay = 500;
    if (files.length) sendFiles();
    takeOverAgain();
    if (unsent().length) save();
  });
  window.addEventListener('pagehide', noteChanges);
  window.addEventListener('pageshow', (event) => { if (event.persisted) onReturn(); });
  window.addEventListener('beforeunload', (event) => {
    if (!leaving && !closed && (files.length || unsent().some((one) => !one.kept))) event.preventDefault();
  });
  document.addEventListener('visibilitychange', () => {
    noteChanges();
    if (document.visibilityState === 'visible') takeOverAgain();
    if (unsent().length || (endsAt !== null && document.visibilityState === 'visible')) save();
  });
  if (unsent().length) save();
}

if (place) {
  openJournal();
  if (place.id !== 'review') begin();
  else if (canKeep && localStorage.getItem(name + '.submitted')) keysOf(name + '.').forEach(forget);
}
