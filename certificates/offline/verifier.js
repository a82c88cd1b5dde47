// Verifies certificates without a network: the same profile, canonical form and verdicts as certificates/rules, for browsers.
// Everything that is trusted is given beforehand; no key is taken from a file.
'use strict';

const UNREADABLE = 'unreadable', AMBIGUOUS = 'ambiguous', NOT_OURS = 'not_our_profile';
const MOST_BYTES = 262144, MOST_FILE_BYTES = 2097152, MOST_LIST_BYTES = 1048576;
class Fault extends Error {}
const fail = (fault) => { throw new Fault(fault); };

// --- bytes ------------------------------------------------------------------------------------------------------------------------------
const utf8 = (text) => new TextEncoder().encode(text);
const latin = (bytes) => { let text = ''; for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192)); return text; };
const joined = (...parts) => { const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0)); let at = 0; for (const part of parts) { all.set(part, at); at += part.length; } return all; };
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const fromBase64 = (text) => { try { return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (sign) => sign.charCodeAt(0)); } catch { return fail(UNREADABLE); } };
const toBase64 = (bytes) => btoa(latin(bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
function textOf(bytes) {
  if (bytes.length > MOST_FILE_BYTES) fail(UNREADABLE);
  try { return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes); } catch { return fail(UNREADABLE); }
}
async function unpacked(bytes, format, most) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const parts = [];
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > most) { reader.cancel().catch(() => {}); fail(UNREADABLE); }
      parts.push(part.value);
    }
  } catch (error) { fail(UNREADABLE); }
  return joined(...parts);
}
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
function toBase58(bytes) {
  let number = BigInt(`0x${hex(bytes) || '0'}`), text = '';
  for (; number; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return '1'.repeat(bytes.findIndex((byte) => byte) < 0 ? bytes.length : bytes.findIndex((byte) => byte)) + text;
}
function fromBase58(text, length) {
  let number = 0n;
  for (const sign of text) { const digit = ALPHABET.indexOf(sign); if (digit < 0) fail(NOT_OURS); number = number * 58n + BigInt(digit); }
  const digits = number.toString(16).padStart(2 * length, '0');
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return digits.length === 2 * length && toBase58(bytes) === text ? bytes : fail(NOT_OURS);
}

// --- strict JSON, fixed profiles --------------------------------------------------------------------------------------------------------
const UNSIGNABLE = /[\0-\x09\x0b-\x1f\x7f\ufffe\uffff]|\p{Surrogate}/u;
const isSignable = (text) => typeof text === 'string' && !UNSIGNABLE.test(text) && text.normalize('NFC') === text;
const isAddress = (text) => typeof text === 'string' && /^(?:https?:\/\/|did:web:|urn:uuid:)[!#-;=?-[\]_a-z~]+$/.test(text);
function readStrict(text) {
  if (utf8(text).length > MOST_BYTES) fail(UNREADABLE);
  let value;
  try { value = JSON.parse(text); } catch { fail(UNREADABLE); }
  const open = [];
  let before = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]|-?\d[^\s,\]}]*/g)) {
    if (token === '{') open.push(new Set()); else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') { const name = JSON.parse(before), names = open.at(-1); if (names.has(name)) fail(AMBIGUOUS); names.add(name); }
    else if (token[0] === '"') { if (!isSignable(JSON.parse(token))) fail(AMBIGUOUS); }
    else if (/[.eE]/.test(token)) fail(AMBIGUOUS);
    before = token;
  }
  return value;
}
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const sorted = (value) => Array.isArray(value) ? value.map(sorted) : isObject(value) ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])])) : value;
const canonicalJson = (value) => JSON.stringify(sorted(value));
function exactly(document, read, write) {
  if (!isObject(document)) fail(NOT_OURS);
  let content, again;
  try { content = read(document); again = write(content); } catch (error) { fail(NOT_OURS); }
  return canonicalJson(again) === canonicalJson(document) ? content : fail(NOT_OURS);
}
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
function moment(text) {
  if (!MOMENT.test(text) || new Date(text).toISOString() !== text.replace('Z', '.000Z')) fail(NOT_OURS);
  return text;
}
const CONTEXT = 'https://www.w3.org/ns/credentials/v2';
const JSON_SCHEMA = 'https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json';
const badgeDocument = (badge) => ({
  '@context': [CONTEXT, 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json', 'https://purl.imsglobal.org/spec/ob/v3p0/extensions.json'],
  id: badge.address, type: ['VerifiableCredential', 'OpenBadgeCredential'], name: badge.title,
  issuer: {id: badge.issuer, type: ['Profile'], name: badge.issuerName},
  validFrom: badge.validFrom, ...(badge.validUntil ? {validUntil: badge.validUntil} : {}),
  credentialSubject: {
    id: badge.subject, type: ['AchievementSubject'],
    achievement: {id: badge.course, type: ['Achievement'], name: badge.title, description: badge.description, criteria: {narrative: badge.criteria}, achievementType: 'Certificate'},
    identifier: [{type: 'IdentityObject', hashed: false, identityHash: badge.person, identityType: 'name'}],
  },
  credentialStatus: {id: `${badge.list}#${badge.place}`, type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: String(badge.place), statusListCredential: badge.list},
  credentialSchema: [{id: JSON_SCHEMA, type: '1EdTechJsonSchemaValidator2019'}],
});
const readBadge = (document) => exactly(document, ({id, name, issuer, validFrom, validUntil, credentialSubject: subject, credentialStatus: status}) => {
  const place = Number(status.statusListIndex), course = subject.achievement;
  const badge = {
    address: id, issuer: issuer.id, issuerName: issuer.name, course: course.id, title: name, description: course.description, criteria: course.criteria.narrative,
    person: subject.identifier[0].identityHash, subject: subject.id, validFrom: moment(validFrom), validUntil: validUntil === undefined ? '' : moment(validUntil),
    list: status.statusListCredential, place, code: String(id).split('/').at(-1),
  };
  const isSound = [badge.issuerName, badge.title, badge.description, badge.criteria, badge.person].every(isSignable)
    && [badge.address, badge.issuer, badge.course, badge.subject, badge.list].every(isAddress) && Number.isSafeInteger(place) && place >= 0;
  return isSound ? badge : fail(NOT_OURS);
}, badgeDocument);
const listDocument = (list) => ({
  '@context': [CONTEXT], id: list.address, type: ['VerifiableCredential', 'BitstringStatusListCredential'], issuer: list.issuer,
  validFrom: list.validFrom, validUntil: list.validUntil,
  credentialSubject: {id: `${list.address}#list`, type: 'BitstringStatusList', statusPurpose: list.purpose, encodedList: list.encoded},
});
const readList = (document) => exactly(document, ({id, issuer, validFrom, validUntil, credentialSubject: subject}) => {
  const list = {address: id, issuer, validFrom: moment(validFrom), validUntil: moment(validUntil), purpose: subject.statusPurpose, encoded: subject.encodedList};
  return isAddress(id) && isAddress(issuer) && /^u[\w-]+$/.test(list.encoded) && ['revocation', 'refresh'].includes(list.purpose) ? list : fail(NOT_OURS);
}, listDocument);
const proofDocument = (proof) => ({
  type: 'DataIntegrityProof', cryptosuite: 'eddsa-rdfc-2022', created: proof.created, verificationMethod: proof.method, proofPurpose: 'assertionMethod',
  proofValue: `z${toBase58(proof.signature)}`,
});
const readProof = (document) => exactly(document, ({created, verificationMethod: method, proofValue}) =>
  isAddress(method) ? {created: moment(created), method, signature: fromBase58(proofValue.slice(1), 64)} : fail(NOT_OURS), proofDocument);

// --- canonical N-Quads ------------------------------------------------------------------------------------------------------------------
const TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type', VC = 'https://www.w3.org/2018/credentials#', STATUS = 'https://www.w3.org/ns/credentials/status#';
const SECURITY = 'https://w3id.org/security#', BADGES = 'https://purl.imsglobal.org/spec/vc/ob/vocab.html#', SCHEMA = 'https://schema.org/';
const DATE_TIME = 'http://www.w3.org/2001/XMLSchema#dateTime';
const iri = (address) => `<${address}>`;
const literal = (text, datatype) => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"${datatype ? `^^<${datatype}>` : ''}`;
const term = (text) => text.startsWith('_:') ? text : iri(text);
function byBytes(one, other) {
  const a = utf8(one), b = utf8(other), at = a.findIndex((byte, place) => byte !== b[place]);
  return at < 0 ? a.length - b.length : a[at] - (b[at] ?? -1);
}
const lines = (quads, names) => [...new Set(quads.map((quad) => `${quad.map((part) => names[part] ?? part).join(' ')} .\n`))].sort(byBytes);
async function canonical(quads) {
  const labels = [...new Set(quads.flat().filter((part) => part.startsWith('_:')))];
  const hashes = await Promise.all(labels.map(async (label) => {
    const names = Object.fromEntries(labels.map((other) => [other, other === label ? '_:a' : '_:z']));
    return [hex(await sha256(utf8(lines(quads.filter((quad) => quad.includes(label)), names).join('')))), label];
  }));
  const names = Object.fromEntries(hashes.sort().map(([, label], place) => [label, `_:c14n${place}`]));
  return utf8(lines(quads, names).join(''));
}
const quadsOf = (subject, ...pairs) => pairs.map(([predicate, value]) => [term(subject), iri(predicate), value]);
const badgeQuads = (badge) => {
  const status = `${badge.list}#${badge.place}`;
  return [
    ...quadsOf(badge.address, [TYPE, iri(`${VC}VerifiableCredential`)], [TYPE, iri(`${BADGES}OpenBadgeCredential`)], [`${SCHEMA}name`, literal(badge.title)],
      [`${VC}issuer`, iri(badge.issuer)], [`${VC}validFrom`, literal(badge.validFrom, DATE_TIME)], [`${VC}credentialSubject`, iri(badge.subject)],
      [`${VC}credentialStatus`, iri(status)], [`${VC}credentialSchema`, iri(JSON_SCHEMA)], ...(badge.validUntil ? [[`${VC}validUntil`, literal(badge.validUntil, DATE_TIME)]] : [])),
    ...quadsOf(JSON_SCHEMA, [TYPE, iri('https://purl.imsglobal.org/spec/vccs/v1p0/context.json#1EdTechJsonSchemaValidator2019')]),
    ...quadsOf(badge.issuer, [TYPE, iri(`${BADGES}Profile`)], [`${SCHEMA}name`, literal(badge.issuerName)]),
    ...quadsOf(status, [TYPE, iri(`${STATUS}BitstringStatusListEntry`)], [`${STATUS}statusListCredential`, iri(badge.list)],
      [`${STATUS}statusListIndex`, literal(String(badge.place))], [`${STATUS}statusPurpose`, literal('revocation')]),
    ...quadsOf(badge.subject, [TYPE, iri(`${BADGES}AchievementSubject`)], [`${BADGES}achievement`, iri(badge.course)], [`${BADGES}identifier`, '_:person']),
    ...quadsOf(badge.course, [TYPE, iri(`${BADGES}Achievement`)], [`${SCHEMA}name`, literal(badge.title)], [`${SCHEMA}description`, literal(badge.description)],
      [`${BADGES}achievementType`, literal('Certificate')], [`${BADGES}Criteria`, '_:criteria']),
    ...quadsOf('_:criteria', [`${BADGES}narrative`, literal(badge.criteria)]),
    ...quadsOf('_:person', [TYPE, iri(`${BADGES}IdentityObject`)], [`${BADGES}hashed`, literal('false', 'https://www.w3.org/2001/XMLSchema#boolean')],
      [`${BADGES}identityHash`, literal(badge.person)], [`${BADGES}identityType`, literal('name')]),
  ];
};
const listQuads = (list) => [
  ...quadsOf(list.address, [TYPE, iri(`${VC}VerifiableCredential`)], [TYPE, iri(`${STATUS}BitstringStatusListCredential`)], [`${VC}issuer`, iri(list.issuer)],
    [`${VC}validFrom`, literal(list.validFrom, DATE_TIME)], [`${VC}validUntil`, literal(list.validUntil, DATE_TIME)], [`${VC}credentialSubject`, iri(`${list.address}#list`)]),
  ...quadsOf(`${list.address}#list`, [TYPE, iri(`${STATUS}BitstringStatusList`)], [`${STATUS}statusPurpose`, literal(list.purpose)],
    [`${STATUS}encodedList`, literal(list.encoded, `${SECURITY}multibase`)]),
];
const proofQuads = (proof) => quadsOf('_:proof', [TYPE, iri(`${SECURITY}DataIntegrityProof`)], ['http://purl.org/dc/terms/created', literal(proof.created, DATE_TIME)],
  [`${SECURITY}cryptosuite`, literal('eddsa-rdfc-2022', `${SECURITY}cryptosuiteString`)], [`${SECURITY}proofPurpose`, iri(`${SECURITY}assertionMethod`)],
  [`${SECURITY}verificationMethod`, iri(proof.method)]);
const signingInput = async (quads, proof) => joined(await sha256(await canonical(proofQuads(proof))), await sha256(await canonical(quads)));

// --- signatures -------------------------------------------------------------------------------------------------------------------------
// trusted: {keys: [{method, key: base64 of 32 bytes, compromised: moment or ''}], seals: [base64 of SPKI]}
async function hasEd25519() {
  try { await crypto.subtle.importKey('raw', new Uint8Array(32).fill(1), 'Ed25519', false, ['verify']); return true; } catch { return false; }
}
async function ed25519(key, signature, content) {
  try {
    const public_ = await crypto.subtle.importKey('raw', fromBase64(key), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', public_, signature, content);
  } catch (error) { if (error instanceof DOMException && error.name === 'NotSupportedError') fail('no_ed25519'); return false; }
}
async function checkSignature(trusted, issuer, method, signature, content, created) {
  const key = trusted.keys.find((one) => one.method === method);
  if (!trusted.keys.some((one) => one.method.startsWith(`${issuer}#`))) fail('other_issuer');
  if (!key || !method.startsWith(`${issuer}#`)) fail('unknown_key');
  if (!await hasEd25519()) fail('no_ed25519');
  if (!await ed25519(key.key, signature, content)) fail('bad_signature');
  if (key.compromised && (!created || created >= key.compromised)) fail('compromised_key');
}
function signedJson(text) {
  const value = readStrict(text);
  if (!isObject(value)) fail(UNREADABLE);
  const {proof, ...document} = value;
  return [document, readProof(proof)];
}

// --- forms of a badge -------------------------------------------------------------------------------------------------------------------
const headOf = (method) => ({alg: 'EdDSA', kid: method, typ: 'vc+jwt'});
const seconds = (text) => Date.parse(text) / 1000;
const payloadOf = (badge) => ({...badgeDocument(badge), iss: badge.issuer, jti: badge.address, nbf: seconds(badge.validFrom),
  ...(badge.validUntil ? {exp: seconds(badge.validUntil)} : {}), sub: badge.subject});
function part(text) { const bytes = fromBase64(text); return toBase64(bytes) === text ? bytes : fail(NOT_OURS); }
async function verifyToken(text, trusted) {
  const [head, payload, signature] = text.split('.').map(part);
  const method = exactly(readStrict(textOf(head)), (document) => document.kid, headOf);
  if (!isAddress(method)) fail(NOT_OURS);
  const badge = exactly(readStrict(textOf(payload)), ({iss, jti, nbf, exp, sub, ...document}) => readBadge(document), payloadOf);
  await checkSignature(trusted, badge.issuer, method, signature, utf8(text.slice(0, text.lastIndexOf('.'))), '');
  return badge;
}
async function verifyText(text, trusted) {
  const token = text.replace(/\s+/g, '');
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return verifyToken(token, trusted);
  const [document, proof] = signedJson(text);
  const badge = readBadge(document);
  await checkSignature(trusted, badge.issuer, proof.method, proof.signature, await signingInput(badgeQuads(badge), proof), proof.created);
  return badge;
}
const CRC = Uint32Array.from({length: 256}, (_, byte) => { let sum = byte; for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? 0xedb88320 ^ sum >>> 1 : sum >>> 1; return sum >>> 0; });
const crc32 = (bytes) => { let sum = 0xffffffff; for (const byte of bytes) sum = CRC[(sum ^ byte) & 255] ^ sum >>> 8; return ~sum >>> 0; };
const PNG = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
async function pngBadge(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), found = [];
  let at = 8, kind = '';
  while (kind !== 'IEND') {
    if (at + 12 > bytes.length) fail(UNREADABLE);
    const length = view.getUint32(at), end = at + 8 + length;
    if (end + 4 > bytes.length || view.getUint32(end) !== crc32(bytes.subarray(at + 4, end))) fail(UNREADABLE);
    kind = latin(bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, end);
    if (['iTXt', 'tEXt', 'zTXt'].includes(kind) && latin(body.subarray(0, 20)) === 'openbadgecredential\0') found.push([kind, body]);
    at = end + 4;
  }
  if (at !== bytes.length || !found.length) fail(UNREADABLE);
  if (found.length > 1 || found[0][0] !== 'iTXt') fail(NOT_OURS);
  const body = found[0][1], language = body.indexOf(0, 22), translated = language < 0 ? -1 : body.indexOf(0, language + 1);
  if (translated < 0) fail(UNREADABLE);
  const text = body.subarray(translated + 1);
  return body[20] === 1 ? unpacked(text, 'deflate', MOST_BYTES) : text;
}
const ELEMENT = /<openbadges:credential\b[^>]*?(?:\/>|>([^]*?)<\/openbadges:credential\s*>)/g;
const ACTIVE = /<!DOCTYPE|<!ENTITY|<script\b|<foreignObject\b|\son\w+\s*=|(?:href|src)\s*=\s*["'](?!#)|url\(\s*["']?(?!#|["'])|@import/i;
function svgBadge(picture) {
  const found = [...picture.matchAll(ELEMENT)];
  if (!found.length) fail(UNREADABLE);
  const section = /^\s*<!\[CDATA\[([^]*?)\]\]>\s*$/.exec(found[0][1] ?? '');
  return found.length > 1 || !section || ACTIVE.test(picture.replace(ELEMENT, '')) ? fail(NOT_OURS) : section[1];
}

// --- PDF: one seal over every byte, one attachment (spec/certificates V3) -----------------------------------------------------------------
function der(bytes, at) {
  if (at + 2 > bytes.length) fail('seal');
  let length = bytes[at + 1], start = at + 2;
  if (length > 127) {
    const count = length & 127;
    if (!count || count > 3) fail('seal');
    length = 0;
    for (let place = 0; place < count; place++) length = length * 256 + bytes[start++];
  }
  if (start + length > bytes.length) fail('seal');
  return {tag: bytes[at], start, end: start + length, whole: bytes.subarray(at, start + length), body: bytes.subarray(start, start + length)};
}
const children = (node) => { const found = []; for (let at = 0; at < node.body.length; at = found.at(-1).end) found.push(der(node.body, at)); return found; };
const OIDS = {signedData: '2a864886f70d010702', digest: '2a864886f70d010904', sha256: '608648016503040201', ecdsa: '2a8648ce3d040302'};
function readSeal(bytes) {
  const info = der(bytes, 0);
  if (bytes.subarray(info.end).some((byte) => byte)) fail('seal');
  const [kind, wrapped] = children(info);
  if (hex(kind.body) !== OIDS.signedData) fail('seal');
  const parts = children(children(wrapped)[0]), signers = children(parts.at(-1));
  if (signers.length !== 1) fail('seal');
  const [, , digestKind, attributes, signatureKind, signature, ...more] = children(signers[0]);
  if (more.length || attributes.tag !== 0xa0 || signature.tag !== 4) fail('seal');
  if (hex(children(digestKind)[0].body) !== OIDS.sha256 || hex(children(signatureKind)[0].body) !== OIDS.ecdsa) fail('seal');
  const digests = children(attributes).map(children).filter(([name]) => hex(name.body) === OIDS.digest);
  if (digests.length !== 1 || children(digests[0][1]).length !== 1) fail('seal');
  const signed = attributes.whole.slice();
  signed[0] = 0x31;
  return {digest: children(digests[0][1])[0].body, signed, signature: rawSignature(signature.body)};
}
function rawSignature(bytes) {
  const numbers = children(der(bytes, 0)).map((node) => hex(node.body).replace(/^(00)+/, '').padStart(64, '0'));
  if (numbers.length !== 2 || numbers.some((number) => number.length !== 64)) fail('seal');
  return Uint8Array.from(numbers.join('').match(/../g), (pair) => parseInt(pair, 16));
}
async function verifySeal(bytes, text, trusted) {
  const ranges = [...text.matchAll(/\/ByteRange/g)];
  if (!ranges.length) return false;
  const range = /^\/ByteRange\s*\[\s*0\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]/.exec(text.slice(ranges[0].index, ranges[0].index + 120));
  if (ranges.length > 1 || !range) fail('seal_not_whole');
  const [hole, after, rest] = range.slice(1).map(Number);
  const contents = /^<([0-9A-Fa-f]+)>$/.exec(text.slice(hole, after));
  if (!contents || contents[1].length % 2 || after + rest !== bytes.length) fail('seal_not_whole');
  const seal = readSeal(Uint8Array.from(contents[1].match(/../g), (pair) => parseInt(pair, 16)));
  if (!same(seal.digest, await sha256(joined(bytes.subarray(0, hole), bytes.subarray(after))))) fail('bad_signature');
  for (const spki of trusted.seals) {
    const kind = {name: 'ECDSA', namedCurve: 'P-256'}, key = await crypto.subtle.importKey('spki', fromBase64(spki), kind, false, ['verify']);
    if (await crypto.subtle.verify({name: 'ECDSA', hash: 'SHA-256'}, key, seal.signature, seal.signed)) return true;
  }
  return fail('unknown_key');
}
function attachment(bytes, text) {
  const found = [...text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)];
  if (found.length !== 1) return found.length ? fail(NOT_OURS) : null;
  const begin = /stream\r?\n/g;
  begin.lastIndex = found[0].index;
  const start = begin.exec(text) && begin.lastIndex, end = start ? text.indexOf('endstream', start) : -1;
  const head = start ? text.slice(text.lastIndexOf('<<', found[0].index), start) : '';
  const length = Number(/\/Length\s+(\d+)\b(?!\s+\d+\s+R)/.exec(head)?.[1]);
  if (end < 0 || /\/FlateDecode|\/ASCII85Decode/.test(head)) fail(UNREADABLE);
  return bytes.subarray(start, length > 0 && start + length <= end ? start + length : end);
}
async function verifyPdf(bytes, trusted) {
  const text = latin(bytes);
  if (!/%%EOF\s*$/.test(text) && !text.includes('/ByteRange')) fail(UNREADABLE);
  const isSealed = await verifySeal(bytes, text, trusted), attached = attachment(bytes, text);
  if (!attached) fail(isSealed ? NOT_OURS : 'unsealed_old');
  if (isSealed && !await hasEd25519()) return {badge: readBadge(signedJson(textOf(attached))[0]), isSealed};
  return {badge: await verifyText(textOf(attached), trusted), isSealed};
}

// --- findings ---------------------------------------------------------------------------------------------------------------------------
// Returns {form, badge, isSealed} or {form, fault}.
async function verifyFile(bytes, trusted) {
  const start = latin(bytes.subarray(0, 200)).trimStart();
  const form = same(bytes.subarray(0, 8), PNG) ? 'png' : start.startsWith('%PDF-') ? 'pdf' : start.startsWith('<') ? 'svg' : start.startsWith('{') ? 'json' : start.startsWith('ey') ? 'jwt' : '';
  try {
    if (bytes.length > MOST_FILE_BYTES) fail(UNREADABLE);
    if (form === 'pdf') return {form, ...await verifyPdf(bytes, trusted)};
    const text = form === 'png' ? textOf(await pngBadge(bytes)) : form === 'svg' ? svgBadge(textOf(bytes)) : textOf(bytes);
    return {form, badge: await verifyText(text, trusted)};
  } catch (error) { return {form, fault: error instanceof Fault ? error.message : UNREADABLE}; }
}
async function verifyList(text, trusted) {
  const [document, proof] = signedJson(text), list = readList(document);
  await checkSignature(trusted, list.issuer, proof.method, proof.signature, await signingInput(listQuads(list), proof), proof.created);
  const packed = part(list.encoded.slice(1));
  return {...list, bits: await unpacked(packed, 'gzip', MOST_LIST_BYTES)};
}
const isSet = (list, place) => place >> 3 < list.bits.length && (list.bits[place >> 3] & 0x80 >> place % 8) !== 0;
const newest = (lists, address, purpose) => lists.filter((list) => list.address === address && list.purpose === purpose).sort((one, other) => one.validFrom < other.validFrom ? 1 : -1)[0];
function judge(badge, lists, now) {
  const revoked = newest(lists, badge.list, 'revocation'), replaced = newest(lists, `${badge.list}/replaced`, 'refresh');
  if (revoked && isSet(revoked, badge.place)) return {state: replaced && isSet(replaced, badge.place) ? 'replaced' : 'revoked', list: revoked};
  if (badge.validUntil && now > badge.validUntil) return {state: 'expired', list: revoked};
  return {state: !revoked || now > revoked.validUntil ? 'unknown' : 'valid', list: revoked};
}
// A list of keys (certificate-keys.json), signed by a key that is trusted already; it counts where it is newer.
async function verifyKeys(text, trusted) {
  const value = readStrict(text), {proof, ...document} = value, {proofValue, ...options} = proof;
  const key = trusted.keys.find((one) => one.method === options.verificationMethod && !one.compromised);
  if (!key || document.issuer !== key.method.split('#')[0]) fail('unknown_key');
  if (options.cryptosuite !== 'eddsa-jcs-2022' || options.created <= trusted.created) fail(NOT_OURS);
  const input = joined(await sha256(utf8(canonicalJson(options))), await sha256(utf8(canonicalJson(document))));
  if (!await hasEd25519()) fail('no_ed25519');
  if (!await ed25519(key.key, fromBase58(proofValue.slice(1), 64), input)) fail('bad_signature');
  const spki = (one) => toBase64(fromBase64(one.spki).slice(-32));
  const issuers = [...new Set(trusted.keys.map((one) => one.method.split('#')[0]))];
  return {
    created: options.created,
    keys: issuers.flatMap((issuer) => document.credentials.map((one) => ({method: `${issuer}#${one.id}`, key: spki(one), compromised: one.compromised_since ?? ''}))),
    seals: document.seals.filter((one) => one.state !== 'compromised').map((one) => one.spki),
  };
}
