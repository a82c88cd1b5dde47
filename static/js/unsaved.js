/* Asks before a page is left while a form of it holds text that was typed and not sent; `typed`: it came back as it was refused.
   The page is complete without it. */

for (const form of document.querySelectorAll('form[data-guard]')) {
  let typed = form.dataset.guard === 'typed';
  form.addEventListener('input', () => { typed = true; });
  form.addEventListener('submit', () => { typed = false; });
  window.addEventListener('beforeunload', (event) => {
    if (!typed) return;
    event.preventDefault();
    event.returnValue = ''; // Chrome before 119
  });
}
