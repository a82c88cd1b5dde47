/* Chapters and transcript lead to their second, the sentence being said is marked, and what was seen is told to the server.
   POST of data-watched: csrf_token, spans = `12-40,55-90` in whole seconds; the answer: {watched_percent, done}. What could not be
   told waits in the page: the line may come back, and whoever signs in again beside it gives it a new token. */

const frame = document.getElementById('player');
const media = document.getElementById('media');
const EVERY = 15;

/* ---- places in the recording ---- */

function seconds(text) {
  const parts = String(text).split(':').map(Number);
  return parts.some(Number.isNaN) ? 0 : parts.reduce((sum, one) => sum * 60 + one, 0);
}

function secondIn(address) {
  const found = /[#?&]t=([\d:]+)/.exec(address);
  return found ? seconds(found[1]) : null;
}

function asked() {
  const found = secondIn(location.hash);
  return found === null ? secondIn(location.search) || Number(frame.dataset.start) || 0 : found;
}

/* Other places of the page are no place of the recording: it plays on. */
function onHash() {
  const found = secondIn(location.hash);
  if (found !== null) go(found, false);
}

function go(second, play) {
  const jump = () => { media.currentTime = second; };
  if (media.readyState) jump();
  else media.addEventListener('loadedmetadata', jump, { once: true });
  if (!play) return;
  const started = media.play();
  if (started) started.catch(() => { /* the browser wants a press of its own button */ });
}

function onClick(event) {
  const link = event.target.closest('a[data-second]');
  if (!link) return;
  event.preventDefault();
  history.replaceState(null, '', '#t=' + link.dataset.second);
  go(Number(link.dataset.second), true);
}

const lists = [...document.querySelectorAll('ol.cues')].map((list) => {
  const links = [...list.querySelectorAll('a[data-second]')];
  const shown = links.findIndex((link) => link.hasAttribute('aria-current'));
  return { list, links, starts: links.map((link) => Number(link.dataset.second)), shown };
});

function scrollTo(one, link) {
  one.list.scrollTop = link.offsetTop - one.list.offsetTop - one.list.clientHeight / 3;
}

function follow() {
  for (const one of lists) {
    let now = -1;
    for (let at = 0; at < one.starts.length && one.starts[at] <= media.currentTime; at += 1) now = at;
    if (now === one.shown) continue;
    if (one.links[one.shown]) one.links[one.shown].removeAttribute('aria-current');
    one.shown = now;
    const link = one.links[now];
    if (!link) continue;
    link.setAttribute('aria-current', 'true');
    if (!media.paused && !one.list.contains(document.activeElement)) {
      scrollTo(one, link);
    }
  }
}

/* ---- what was seen ---- */

let spans = [];
let from = null;
let until = null;
let lastSent = 0;

function close() {
  if (from !== null && until - from >= 1) spans.push([Math.floor(from), Math.floor(until)]);
  from = null;
}

/* A stretch counts only while time runs as fast as it is played; a jump begins another. */
function watch() {
  const now = media.currentTime;
  if (media.paused || media.seeking) return;
  if (from === null || now < until || now - until > 2 * Math.max(1, media.playbackRate)) {
    close();
    from = now;
  }
  until = now;
  if (performance.now() - lastSent > EVERY * 1000) tell();
}

function merged(list) {
  const sorted = list.filter(([start, finish]) => finish > start).sort((a, b) => a[0] - b[0]);
  const result = [];
  for (const [start, finish] of sorted) {
    const before = result[result.length - 1];
    if (before && start <= before[1]) before[1] = Math.max(before[1], finish);
    else result.push([start, finish]);
  }
  return result;
}

async function tell() {
  if (!frame.dataset.watched) return;
  lastSent = performance.now();
  const start = until;
  close();
  if (!media.paused && start !== null) from = start;
  const batch = merged(spans);
  if (!batch.length) return;
  spans = [];
  try {
    let answer = await post(batch);
    if (answer.status === 400 && (await freshToken())) answer = await post(batch);
    trouble(answer.status === 400 || answer.status === 401);
    if (!answer.ok) throw new Error(answer.status);
    const told = await answer.json();
    const words = document.getElementById('watched-words');
    if (words && typeof told.watched_percent === 'number') {
      words.textContent = words.dataset.t.replace('{share}', told.watched_percent + words.dataset.percent);
    }
  } catch (error) {
    spans = batch.concat(spans);
  }
}

function post(batch) {
  const body = new URLSearchParams({ csrf_token: frame.dataset.token, spans: batch.map((span) => span.join('-')).join(',') });
  const headers = { Accept: 'application/json' };
  return fetch(frame.dataset.watched, { method: 'POST', body, credentials: 'same-origin', keepalive: true, headers });
}

/* A token ends with its session. What one person saw is not told as somebody else's. */
async function freshToken() {
  const answer = await fetch(location.href, { credentials: 'same-origin', headers: { Accept: 'text/html' } });
  const found = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('player');
  if (!found || !found.dataset.token || found.dataset.person !== frame.dataset.person) return false;
  frame.dataset.token = found.dataset.token;
  return true;
}

function trouble(ended) {
  const place = document.getElementById('watched-trouble');
  const words = ended ? place.dataset.t : '';
  if (place.textContent !== words) place.textContent = words;
}

function offerSpeed() {
  const speed = document.getElementById('speed');
  speed.parentElement.hidden = false;
  speed.addEventListener('change', () => { media.playbackRate = Number(speed.value); });
  media.addEventListener('ratechange', () => { speed.value = String(media.playbackRate); });
}

if (frame && media) {
  offerSpeed();
  frame.addEventListener('click', onClick);
  window.addEventListener('hashchange', onHash);
  window.addEventListener('online', tell);
  media.addEventListener('timeupdate', () => {
    follow();
    watch();
  });
  for (const kind of ['pause', 'ended', 'seeking']) media.addEventListener(kind, () => {
    if (kind === 'seeking') close();
    else tell();
  });
  document.addEventListener('visibilitychange', tell);
  if (asked()) go(asked(), false);
  for (const one of lists)
    if (one.links[one.shown]) scrollTo(one, one.links[one.shown]);
}
