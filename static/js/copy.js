// Buttons that copy a field: shown only where the browser can; without this script the field is selected by hand.
'use strict';
for (const button of navigator.clipboard ? document.querySelectorAll('[data-copy]') : []) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener('click', async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.querySelector('[aria-live]').textContent = button.dataset.copied;
  });
}
