/* Passkeys: asks the browser for one, and sends its answer with the form. Without this, or where a browser has none,
   the codes of an application do. */

const TO_BYTES = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (sign) => sign.charCodeAt(0));
const TO_TEXT = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

function asked(options) {
  const made = { ...options, challenge: TO_BYTES(options.challenge) };
  for (const list of ['excludeCredentials', 'allowCredentials']) {
    made[list] = (options[list] ?? []).map((one) => ({ ...one, id: TO_BYTES(one.id) }));
  }
  if (options.user) made.user = { ...options.user, id: TO_BYTES(options.user.id) };
  return made;
}

function answered(credential) {
  const response = {};
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (credential.response[name]) response[name] = TO_TEXT(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: TO_TEXT(credential.rawId), type: credential.type, response });
}

function request(form) {
  const headers = { Accept: 'application/json', 'X-CSRFToken': form.elements.csrf_token.value };
  return fetch(form.dataset.request, { method: 'POST', headers });
}

async function ask(form, answer) {
  if (!answer.ok) throw new Error(`${answer.status}`);
  const publicKey = asked(await answer.json());
  return navigator.credentials[form.dataset.passkey]({ publicKey });
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll('form[data-passkey]') : []) {
  form.hidden = false;
  form.parentElement.querySelector('[data-without-passkeys]')?.remove();
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const status = form.querySelector('[role=status]');
    const button = form.querySelector('button');
    status.textContent = '';
    button.disabled = true;
    try {
      const answer = await request(form);
      // where the password counts no more, the server asks for it again and keeps what goes with the form
      if (answer.status !== 401) form.elements.credential.value = answered(await ask(form, answer));
      form.submit();
    } catch {
      status.textContent = form.dataset.failed;
      button.disabled = false;
    }
  });
}
